#include "block_array.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fstool {
namespace {

using Strings = BlockArray<std::string, 4>;

TEST(BlockArray, IsEmptyAtFirst) { EXPECT_EQ(Strings().size(), 0U); }

TEST(BlockArray, KeepsElementsInOrderAndInTheirPlaces) {
  Strings array;
  std::vector<const std::string*> places;
  for (int i = 0; i < 1000; ++i) {
    std::string& element = array.append();
    EXPECT_EQ(element, "");
    element = std::to_string(i);
    places.push_back(&element);
  }
  ASSERT_EQ(array.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(&array[i], places[i]);
    EXPECT_EQ(array[i], std::to_string(i));
  }
}

}  // namespace
}  // namespace fstool

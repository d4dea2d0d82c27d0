#include "temporary_name.h"

#include <cstddef>
#include <random>

namespace fstool {

std::string temporary_name(std::string_view name) {
  constexpr std::size_t kLongestStem = 200;  // a name has at most 255 bytes
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  std::string result = ".";
  result += name.substr(0, kLongestStem);
  result += '.';
  for (int i = 0; i < 6; ++i) result += kLetters[letter(random)];
  return result;
}

}  // namespace fstool

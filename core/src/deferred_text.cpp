#include "deferred_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "fstool/error.h"
#include "spec_values.h"

namespace fstool {

bool is_deferred_name(std::string_view name) {
  std::size_t words = 1;
  bool empty_word = true;
  for (const char character : name) {
    if (character == kDeferredMark) return false;
    if (character != '.') {
      empty_word = false;
    } else if (std::exchange(empty_word, true)) {
      return false;
    } else {
      ++words;
    }
  }
  return words == 3 && !empty_word;
}

void DeferredValues::declare(const std::string& name, std::size_t length, const LocationPtr& location) {
  if (values_.try_emplace(name, Value{length, std::nullopt}).second) return;
  throw spec_error(location, fmt::format("${{{}}} would be the name of two values: this is derived twice in the same "
                                         "way, or two partitions have the same name",
                                         name));
}

void DeferredValues::set(const std::string& name, std::string text) {
  Value& value = values_.at(name);
  if (text.size() != value.length) {
    throw Error(ErrorCode::Internal,
                fmt::format("the value {} has {} bytes instead of {}", name, text.size(), value.length));
  }
  value.text = std::move(text);
}

std::size_t DeferredValues::length_of(const std::string& name, const LocationPtr& location) const {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second.length;
  std::vector<std::string> known;
  for (const auto& [other, value] : values_) known.push_back(other);
  throw spec_error(location, fmt::format("there is no value {}{}; such values come from [partitions.derive], as "
                                         "FORMAT.PARTITION.VALUE",
                                         name, did_you_mean(name, known)));
}

const std::string& DeferredValues::get(const std::string& name, const LocationPtr& location) const {
  length_of(name, location);
  const std::optional<std::string>& text = values_.at(name).text;
  if (text) return *text;
  throw spec_error(location, fmt::format("the value {} is not known here: it is derived from what it stands in", name));
}

DeferredText::DeferredText(const OptionValue& value, std::string_view key) : location_(value.location) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) throw wrong_type(value, key, "a string");
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t mark = std::min(rest.find(kDeferredMark), rest.size());
    if (mark > 0) pieces_.push_back({std::string(rest.substr(0, mark)), false});
    rest.remove_prefix(mark);
    if (rest.empty()) break;
    const std::size_t end = rest.find(kDeferredMark, 1);
    const std::string_view name = rest.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (!is_deferred_name(name)) {
      throw spec_error(location_, fmt::format("{} must not contain a NUL character", key));
    }
    pieces_.push_back({std::string(name), true});
    rest.remove_prefix(end + 1);
  }
}

bool DeferredText::is_deferred() const noexcept { return std::ranges::any_of(pieces_, &Piece::is_value); }

std::string DeferredText::written() const {
  std::string text;
  for (const Piece& piece : pieces_) text += piece.is_value ? fmt::format("${{{}}}", piece.text) : piece.text;
  return text;
}

std::string DeferredText::resolve(const DeferredValues& values) const {
  std::string text;
  for (const Piece& piece : pieces_) text += piece.is_value ? values.get(piece.text, location_) : piece.text;
  return text;
}

BlobPtr DeferredText::to_blob(const DeferredValues& values) const {
  if (!is_deferred()) {
    const std::string text = resolve(values);
    const auto bytes = std::as_bytes(std::span(text));
    return make_memory_blob({bytes.begin(), bytes.end()});
  }
  std::uint64_t size = 0;
  for (const Piece& piece : pieces_) {
    size += piece.is_value ? values.length_of(piece.text, location_) : piece.text.size();
  }
  return make_generated_blob(size, [text = *this, &values](std::uint64_t offset, std::span<std::byte> out) {
    std::memcpy(out.data(), text.resolve(values).data() + offset, out.size());
  });
}

}  // namespace fstool

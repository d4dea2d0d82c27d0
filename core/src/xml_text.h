/// \file
/// Text inside of XML and HTML.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fstool {

/// `text`, raw bytes of an image or anything else, as content of an element or in a quoted attribute: markup becomes
/// character references, and what is no character that XML 1.0 allows is written as the escapes of C ("escape.h"). What
/// is shown has at most `characters` characters; of a longer text the last one is "…".
std::string xml_text(std::string_view text, std::size_t characters = SIZE_MAX);

}  // namespace fstool

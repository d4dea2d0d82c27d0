/// \file
/// The attributes that a Tree has no other place for, as an extended attribute.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "fstool/tree.h"

namespace fstool::fat {

/// "user.DOSATTRIB": the attribute byte as hexadecimal text, "0x2" for hidden, as Wine writes it and Samba once did.
inline constexpr std::string_view kAttributesXattr = "user.DOSATTRIB";

/// The extended attributes of a file: "hidden" and "system" if it is one of them; null if it is neither. (What is
/// read-only shows in the permissions.) Nodes with equal attributes share one.
std::shared_ptr<const Xattrs> xattrs_of(std::uint8_t attributes);

/// The attribute byte that kAttributesXattr has as its value; nothing if it is not of that form.
std::optional<std::uint8_t> parse_attributes(std::string_view value);

}  // namespace fstool::fat

#include "locale_charset.h"

#include <langinfo.h>
#include <locale.h>

#include <string_view>

namespace fstool {

Charset locale_charset() {
  const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return Charset::Ascii;
  const std::string_view name = ::nl_langinfo_l(CODESET, locale);
  const Charset charset = name == "UTF-8" ? Charset::Utf8 : Charset::Ascii;
  ::freelocale(locale);
  return charset;
}

}  // namespace fstool

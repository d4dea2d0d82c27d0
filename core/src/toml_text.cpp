#include "toml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fstool {

namespace {

bool is_bare_key(std::string_view key) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::ranges::all_of(key, is_bare);
}

std::string key_text(std::string_view key) { return is_bare_key(key) ? std::string(key) : toml_string(key); }

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string inline_text(const OptionValue& value);

struct InlineText {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return float_text(number); }
  std::string operator()(const std::string& text) const { return toml_string(text); }
  std::string operator()(const OptionValue::Array& array) const {
    std::string text = "[";
    for (const OptionValue& element : array) text += (text.size() > 1 ? ", " : "") + inline_text(element);
    return text + "]";
  }
  std::string operator()(const OptionTable& table) const {
    std::string text;
    for (const OptionEntry& entry : table) {
      text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key_text(entry.key), inline_text(entry.value));
    }
    return text.empty() ? "{}" : "{ " + text + " }";
  }
};

std::string inline_text(const OptionValue& value) { return std::visit(InlineText{}, value.data); }

const OptionValue::Array* tables_of(const OptionValue& value) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  const auto is_table = [](const OptionValue& element) { return std::holds_alternative<OptionTable>(element.data); };
  return array != nullptr && !array->empty() && std::ranges::all_of(*array, is_table) ? array : nullptr;
}

void append_table(std::string& text, const OptionTable& table, const std::string& path);

void append_section(std::string& text, const std::string& header, const OptionTable& table, const std::string& path) {
  if (!text.empty()) text += '\n';
  text += header + '\n';
  append_table(text, table, path);
}

void append_table(std::string& text, const OptionTable& table, const std::string& path) {
  const auto is_section = [](const OptionValue& value) {
    return std::holds_alternative<OptionTable>(value.data) || tables_of(value) != nullptr;
  };
  for (const OptionEntry& entry : table) {
    if (!is_section(entry.value)) text += fmt::format("{} = {}\n", key_text(entry.key), inline_text(entry.value));
  }
  for (const OptionEntry& entry : table) {
    const std::string name = path.empty() ? key_text(entry.key) : path + "." + key_text(entry.key);
    if (const auto* section = std::get_if<OptionTable>(&entry.value.data)) {
      append_section(text, "[" + name + "]", *section, name);
    } else if (const auto* tables = tables_of(entry.value)) {
      for (const OptionValue& element : *tables) {
        append_section(text, "[[" + name + "]]", std::get<OptionTable>(element.data), name);
      }
    }
  }
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) {
          quoted += fmt::format("\\u{:04X}", byte);
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

std::string toml_text(const OptionTable& table) {
  std::string text;
  append_table(text, table, "");
  return text;
}

}  // namespace fstool

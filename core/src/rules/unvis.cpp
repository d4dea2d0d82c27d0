#include "rules/unvis.h"

#include <array>
#include <cstdint>
#include <utility>

namespace fstool {

namespace {

constexpr std::array<std::pair<char, char>, 14> kLetters = {{{'a', '\a'},
                                                             {'b', '\b'},
                                                             {'f', '\f'},
                                                             {'n', '\n'},
                                                             {'r', '\r'},
                                                             {'t', '\t'},
                                                             {'v', '\v'},
                                                             {'s', ' '},
                                                             {'E', '\033'},
                                                             {'\\', '\\'},
                                                             {'#', '#'},
                                                             {'*', '*'},
                                                             {'?', '?'},
                                                             {'[', '['}}};

/// Takes the escapes off the front of a text that begins behind a backslash.
class EscapeReader {
 public:
  explicit EscapeReader(std::string_view text) : text_(text) {}

  std::optional<char> read() {
    if (text_.empty()) return std::nullopt;
    if (is_octal(text_.front())) return read_octal();
    const char letter = take();
    if (letter == '^') return read_control(0);
    if (letter == 'M') return read_meta();
    for (const auto& [escape, byte] : kLetters) {
      if (letter == escape) return byte;
    }
    return std::nullopt;
  }

  std::string_view rest() const { return text_; }

 private:
  static bool is_octal(char c) { return c >= '0' && c <= '7'; }

  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  std::optional<char> read_octal() {
    unsigned byte = 0;
    for (int digits = 0; digits < 3 && !text_.empty() && is_octal(text_.front()); ++digits) {
      byte = byte * 8 + static_cast<unsigned>(take() - '0');
    }
    if (byte > UINT8_MAX) return std::nullopt;
    return static_cast<char>(byte);
  }

  std::optional<char> read_control(unsigned highest_bit) {
    if (text_.empty()) return std::nullopt;
    const char letter = take();
    const unsigned byte = letter == '?' ? 0x7FU : static_cast<unsigned char>(letter) & 0x1FU;
    return static_cast<char>(byte | highest_bit);
  }

  std::optional<char> read_meta() {
    constexpr unsigned kHighestBit = 0x80;
    if (text_.size() < 2) return std::nullopt;
    const char kind = take();
    if (kind == '^') return read_control(kHighestBit);
    if (kind != '-') return std::nullopt;
    return static_cast<char>(static_cast<unsigned char>(take()) | kHighestBit);
  }

  std::string_view text_;
};

}  // namespace

std::optional<std::string> unvis(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t backslash = text.find('\\');
    out += text.substr(0, backslash);
    if (backslash == std::string_view::npos) return out;
    EscapeReader reader(text.substr(backslash + 1));
    const std::optional<char> byte = reader.read();
    if (!byte) return std::nullopt;
    out += *byte;
    text = reader.rest();
  }
  return out;
}

}  // namespace fstool

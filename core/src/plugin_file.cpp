#include "plugin_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "file_descriptor.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

/// What the ELF header begins with, the same for 32 and 64 bits (System V ABI, chapter 4).
struct ElfStart {
  std::array<unsigned char, EI_NIDENT> ident;
  std::uint16_t type;
  std::uint16_t machine;
};
static_assert(sizeof(ElfStart) == 20);

std::string strerror_text(int error_number) { return std::generic_category().message(error_number); }

std::string processor_name(const ElfStart& start) {
  const char* const bits = start.ident[EI_CLASS] == ELFCLASS32 ? "32-bit" : "64-bit";
  switch (start.machine) {
    case EM_386:
      return "x86 (32-bit)";
    case EM_X86_64:
      return start.ident[EI_CLASS] == ELFCLASS32 ? "x86-64 (x32)" : "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_ARM:
      return "ARM (32-bit)";
    case EM_RISCV:
      return fmt::format("RISC-V ({})", bits);
    case EM_PPC64:
      return "POWER (64-bit)";
    case EM_S390:
      return fmt::format("S/390 ({})", bits);
    default:
      return fmt::format("processor {} ({})", start.machine, bits);
  }
}

/// The header of the shared library that holds this code.
ElfStart own_start() {
  static const int anything = 0;
  Dl_info info{};
  ElfStart start{};
  if (::dladdr(&anything, &info) != 0) std::memcpy(&start, info.dli_fbase, sizeof(start));
  return start;
}

/// The header's fields are in the file's own byte order; where that is another one, the number of its processor is not
/// looked at.
std::optional<std::string> for_another_processor(const ElfStart& start) {
  const ElfStart own = own_start();
  if (start.ident[EI_DATA] != own.ident[EI_DATA]) return "built for a processor with another order of bytes";
  if (start.ident[EI_CLASS] == own.ident[EI_CLASS] && start.machine == own.machine) return std::nullopt;
  return fmt::format("built for {}, but this fstool is for {}", processor_name(start), processor_name(own));
}

}  // namespace

std::optional<std::string> untrustworthy(const fs::path& path, mode_t expected) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return strerror_text(errno);
  if ((status.st_mode & S_IFMT) != expected) return expected == S_IFDIR ? "not a directory" : "not a regular file";
  if ((status.st_mode & S_IWOTH) != 0) return "writable by everyone";
  return std::nullopt;
}

std::optional<std::string> not_loadable(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return strerror_text(errno);
  ElfStart start{};
  const ssize_t count = ::read(file.get(), &start, sizeof(start));
  if (count < 0) return strerror_text(errno);
  if (count < SELFMAG || std::memcmp(start.ident.data(), ELFMAG, SELFMAG) != 0) return "not a shared library";
  if (static_cast<std::size_t>(count) < sizeof(start)) return "the shared library is cut off";
  return for_another_processor(start);
}

std::string linker_message(const fs::path& path, std::string_view dlerror_text) {
  const std::string prefix = path.string() + ": ";
  if (dlerror_text.starts_with(prefix)) dlerror_text.remove_prefix(prefix.size());
  std::string message(dlerror_text);
  // libc++ keeps std in the inline namespace std::__1, which the names of its symbols have.
  const bool needs_libcxx =
      message.find("St3__1") != std::string::npos || message.find("libc++.so") != std::string::npos;
#ifdef __GLIBCXX__
  if (needs_libcxx) message += " (built with the C++ standard library libc++, but this fstool with libstdc++)";
#else
  if (!needs_libcxx && message.find("__cxx11") != std::string::npos) {
    message += " (built with the C++ standard library libstdc++, but this fstool with another one)";
  }
#endif
  return message;
}

}  // namespace fstool

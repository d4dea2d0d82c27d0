#include "lzma_error.h"

#include <fmt/format.h>

namespace fstool::xz {

Error decoding_error(lzma_ret code) {
  switch (code) {
    case LZMA_FORMAT_ERROR:
      return {ErrorCode::Corrupt, "no xz stream begins here"};
    case LZMA_DATA_ERROR:
      return {ErrorCode::Corrupt, "the xz stream is damaged"};
    case LZMA_BUF_ERROR:
    case LZMA_OK:
      return {ErrorCode::Corrupt, "the xz stream ends early, or holds more than it should"};
    case LZMA_OPTIONS_ERROR:
      return {ErrorCode::Unsupported, "the xz stream uses filters or options that liblzma doesn't have"};
    case LZMA_MEMLIMIT_ERROR:
      return {ErrorCode::Unsupported,
              fmt::format("it needs more than the {} MiB of memory that decompressing may take", kMemoryLimit >> 20U)};
    case LZMA_MEM_ERROR:
      return {ErrorCode::Internal, "liblzma has no memory"};
    default:
      return {ErrorCode::Internal, fmt::format("liblzma failed with code {}", static_cast<int>(code))};
  }
}

}  // namespace fstool::xz

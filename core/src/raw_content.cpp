#include "raw_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "fstool/error.h"
#include "image_opener.h"
#include "same_file.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

void refuse_output(const fs::path& file, const ContentChoice& choice, const fs::path& output) {
  if (output.empty() || !is_same_file(output, file)) return;
  throw spec_error(choice.location, fmt::format("the output {} is the content {} itself: write it somewhere else",
                                                output.string(), choice.written));
}

/// Errors of opening a file point at the spec.
template <class Open>
auto at_place(const ContentChoice& choice, Open&& open) {
  try {
    return std::forward<Open>(open)();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::NotFound && error.code() != ErrorCode::InvalidArgument &&
        error.code() != ErrorCode::Io) {
      throw;
    }
    throw spec_error(choice.location, error.what());
  }
}

BlobPtr open_image_bytes(const ImageReference& reference, Context& context) {
  const DiskImage image = open_disk_image(reference.file, {}, context, reference.snapshot.value_or(""));
  if (!reference.partition) return image.disk;
  return image.parts[choose_part(image, reference.partition, context)].bytes;
}

}  // namespace

BlobPtr open_content(const ContentChoice& choice, const fs::path& output, Context& context) {
  switch (choice.kind) {
    case ContentChoice::Kind::Fill:
      return nullptr;
    case ContentChoice::Kind::File:
      refuse_output(choice.path, choice, output);
      return at_place(choice, [&] {
        context.note_input(choice.path);
        return open_file_blob(choice.path);
      });
    case ContentChoice::Kind::Image:
      break;
  }
  const std::optional<ImageReference> reference = find_image_reference(choice.path);
  if (!reference) {
    throw spec_error(choice.location, fmt::format("the image {} does not exist", choice.path.string()));
  }
  refuse_output(reference->file, choice, output);
  return at_place(choice, [&] { return open_image_bytes(*reference, context); });
}

BlobPtr make_fill(std::uint8_t byte, std::uint64_t size) {
  if (byte == 0) return nullptr;
  return make_generated_blob(
      size, [byte](std::uint64_t, std::span<std::byte> out) { std::ranges::fill(out, std::byte{byte}); });
}

}  // namespace fstool

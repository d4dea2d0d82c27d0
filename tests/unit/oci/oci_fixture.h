/// \file
/// Loads container images for the tests of the source "oci".
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "image_builder.h"
#include "oci_source.h"
#include "plugin_loader.h"
#include "run_tool.h"

namespace fstool::oci::test {

/// The archives and codecs that images need, loaded as the host does.
inline const Registry& plugins() {
  static const Registry registry = [] {
    Registry made;
    for (const char* const plugin : {"tar", "codec-deflate", "codec-zstd"}) {
      fstool::test::register_plugin(FSTOOL_TEST_PLUGINS, plugin, made);
    }
    return made;
  }();
  return registry;
}

struct Listener : ProgressListener {
  void begin(std::string_view /*step*/, std::uint64_t /*total*/, std::string_view /*unit*/) override {}
  void advance(std::uint64_t /*done*/) override {}
  void warn(std::string_view message) override {
    const std::lock_guard lock(mutex);
    warnings.emplace_back(message);
  }
  std::mutex mutex;
  std::vector<std::string> warnings;
};

/// The options, for amd64 unless they say something else.
inline OciOptions for_amd64(OciOptions options = {}) {
  if (!options.platform) options.platform = "linux/amd64";
  return options;
}

class OciTest : public testing::Test {
 protected:
  Layer load(const SourceInput& input, const OciOptions& options = for_amd64()) {
    return OciSource(options).load(input, context_);
  }
  Layer load(const OciOptions& options = for_amd64()) { return load(input(), options); }

  /// What was built so far, as a tar.
  SourceInput input() const { return {make_memory_blob(image_.tar()), "image.tar"}; }

  /// The code and text of the Error that loading throws.
  std::pair<ErrorCode, std::string> failure(const OciOptions& options = for_amd64()) {
    try {
      load(options);
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
    return {ErrorCode::Internal, "no error"};
  }

  static std::string text_of(const Tree& tree, std::string_view path) {
    const std::optional<NodeId> id = tree.find_path(path);
    if (!id) return "(missing)";
    const BlobPtr& content = tree.node(*id).content;
    if (!content) return {};
    std::string text(content->size(), '?');
    content->read(0, std::as_writable_bytes(std::span(text)));
    return text;
  }

  /// A layout with one image of the layers.
  void build(const std::vector<Json>& layers) { image_.finish_layout({image_.manifest("linux/amd64", layers)}); }

  const fstool::test::TemporaryDirectory temporary_;
  const std::shared_ptr<Listener> listener_ = std::make_shared<Listener>();
  Context context_{plugins(), {.threads = 2, .source_date_epoch = {}, .listener = listener_}};
  ImageBuilder image_{plugins()};
};

inline auto fails_with(ErrorCode code, const std::string& text) {
  return testing::Pair(code, testing::HasSubstr(text));
}

}  // namespace fstool::oci::test

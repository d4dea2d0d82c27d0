#include "wrapped_options.h"

namespace fstool::deflate {

const OptionSet<WrappedOptions>& wrapped_options() {
  static const auto set =
      OptionSet<WrappedOptions>()
          .add("level", &WrappedOptions::level, "From 1, the fastest, to 9, the smallest.", in_range(1, 9))
          .add("engine", &WrappedOptions::engine,
               "Library that compresses; auto takes isal for levels 1 and 2, else zlib. isal has the levels 1 to 3; "
               "the bytes of its level 3 depend on the CPU.",
               choices<Engine>({{"auto", Engine::Auto}, {"isal", Engine::Isal}, {"zlib", Engine::Zlib}}));
  return set;
}

}  // namespace fstool::deflate

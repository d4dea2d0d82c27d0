#include "archive.h"

#include "fstool/options.h"
#include "fstool/registry.h"
#include "fstool/size.h"

namespace fstool::oci {

Layer load_archive(const SourceInput& archive, std::uint64_t max_size, Context& context) {
  const OptionTable options = {{"max_size", {size_text(max_size), false, nullptr}, nullptr}};
  return context.registry().get<Source>("tar").create(options)->load(archive, context);
}

}  // namespace fstool::oci

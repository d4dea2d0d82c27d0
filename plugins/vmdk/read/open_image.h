/// \file
/// Opens a disk: a sparse extent that has its descriptor in it, or a descriptor and the files that it names.
///
/// A descriptor names other files of the host. That is followed when the user named the descriptor, relative to its
/// directory, under the rule that only regular files are opened.
#pragma once

#include <functional>
#include <string>

#include "fstool/blob.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "read/sparse_extent.h"

namespace fstool::vmdk {

enum class FileKind {
  Other,
  SparseExtent,
  Descriptor,
  Cowd,      ///< a sparse extent of VMFS, which can't be read
  SeSparse,  ///< the same of ESX 5.1 and later
};

/// Told by the first bytes. Never throws on damaged ones.
FileKind kind_of(const Blob& file);

/// As Container::open().
BlobPtr open_image(const ContainerFile& file, Context& context);

/// As Container::inspect().
ContainerFacts inspect_image(const ContainerFile& file);

/// Opens all extents of the disk in `file`, as open_image(), and calls `visit` for the sparse ones. `name` begins a
/// sentence about the extent; empty if it is the file itself. What is damaged in the extents of a descriptor goes to
/// context.report_damage().
void visit_sparse_extents(
    const ContainerFile& file, Context& context,
    const std::function<void(const std::string& name, const Blob& file, const SparseExtent& extent)>& visit);

}  // namespace fstool::vmdk

/// \file
/// The keys manifest and device_table: files that say what the files of a source are like, and which it lacks.
#pragma once

#include <string>
#include <string_view>

#include "fstool/context.h"
#include "fstool/layer.h"
#include "rules/owner_choice.h"
#include "rules/rule_file.h"

namespace fstool {

/// Gives what the manifest (mtree.h) names the owners, modes, times and extended attributes that it says. What the
/// source lacks is made: directories, links, devices, fifos, sockets and empty files, with 0:0 and the time of the
/// context's clock where the manifest doesn't say; names of which it says that they are optional are left out. Contents
/// are not compared. Throws spec_error() for a file that is of another kind, for one with content that is not there,
/// and as read_mtree().
void apply_manifest(Layer& layer, const RuleFile& manifest, OwnerResolver& owners, const Context& context);
/// The same of a text; `name` is what messages call it.
void apply_manifest(Layer& layer, std::string_view text, const std::string& name, OwnerResolver& owners,
                    const Context& context);

/// Makes and changes what a table as genext2fs(8) and makedevs take it names, with lines of
///
///     name type mode uid gid major minor start inc count
///
/// of which the last five may be left out, and "-" stands for none; "#" begins a comment. Types:
///
///     d           a directory
///     f, F        a file, which is made empty if it is not there (f), or passed over (F)
///     c, b, p, s  a device, fifo or socket; with a count, NAME<start> and so on, count of them, whose minor numbers
///                 grow by inc from `minor` on
///     r           all that is in a directory, and itself
///
/// The mode is octal; -1 leaves it, and owners, as they are. Owners may be names. Throws spec_error(), pointing at a
/// line, for what is no such table, and for a file of another kind.
void apply_device_table(Layer& layer, const RuleFile& table, OwnerResolver& owners, const Context& context);
/// The same of a text; `name` is what messages call it.
void apply_device_table(Layer& layer, std::string_view text, const std::string& name, OwnerResolver& owners,
                        const Context& context);

}  // namespace fstool

/// \file
/// Symbol visibility of the SDK.
#pragma once

/// Marks what libfstool exports: types whose run-time type information must be one and the same in the host and in
/// every plugin (exceptions, interfaces), and functions that plugins call.
#define FSTOOL_API __attribute__((visibility("default")))

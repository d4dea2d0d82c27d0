/// \file
/// Signals: a request to stop becomes a flag.
#pragma once

#include <atomic>

namespace fstool {

/// Makes SIGINT, SIGTERM and SIGHUP set the returned flag (each one's second arrival ends the process as usual; one
/// that was ignored stays so), and makes writing to a closed pipe an error instead of a signal. Call it once.
const std::atomic<bool>& handle_signals();

}  // namespace fstool

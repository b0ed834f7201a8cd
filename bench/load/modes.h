#pragma once

#include "options.h"

// What kes_load can do; each mode prints its figures and returns the exit code.
namespace kes::load {

// Requests over standing connections, each stream always busy.
[[nodiscard]] int runClosedLoop(const Options& options);
// Requests at a fixed rate, whether the server keeps up or not.
[[nodiscard]] int runOpenLoop(const Options& options);
// A new connection for each request.
[[nodiscard]] int runFresh(const Options& options);
// Connections that ask once and then stay.
[[nodiscard]] int runIdle(const Options& options);

}  // namespace kes::load

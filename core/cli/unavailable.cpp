#include "cli/unavailable.h"

namespace kes::cli {

int unavailable(Arguments, Console& console) {
  return fail(console, "this command is not available in this version. See 'kes --help' for those that are");
}

}  // namespace kes::cli

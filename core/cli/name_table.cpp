#include "cli/name_table.h"

#include "cli/console.h"

namespace kes::cli {

std::string nameTable(std::string_view heading, std::span<const std::string> names, const Style& style) {
  if (names.empty()) return {};
  std::string out = style.paint(Role::heading, heading) + "\n";
  for (const std::string& name : names) out += printable(name) + "\n";
  return out;
}

}  // namespace kes::cli

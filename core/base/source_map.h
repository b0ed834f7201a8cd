#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kes::base {

// Where a value stands in a configuration file. Lines and columns count from 1; 0 means unknown.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;

  // "config.yml:12:5", or just the file when the line is not known.
  [[nodiscard]] std::string text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
};

// Locations by JSON pointer (RFC 6901) into one section of a configuration; "" is the section itself.
class SourceMap {
 public:
  void add(std::string pointer, SourceLocation location) {
    locations_.insert_or_assign(std::move(pointer), std::move(location));
  }

  // The location of `pointer`, or of its nearest parent that has one.
  [[nodiscard]] SourceLocation find(std::string_view pointer) const {
    for (std::string key(pointer);;) {
      if (const auto it = locations_.find(key); it != locations_.end()) return it->second;
      const auto slash = key.rfind('/');
      if (slash == std::string::npos) return {};
      key.resize(slash);
    }
  }

 private:
  std::map<std::string, SourceLocation, std::less<>> locations_;
};

}  // namespace kes::base

#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace kes::observe {

// The file of the audit log: one JSON object per line, only ever appended to. Not thread-safe; every call may
// block on the disk.
class AuditFile {
 public:
  // Makes the file, readable by its owner alone, unless it is there. The failure says what to do.
  [[nodiscard]] static base::Outcome<AuditFile> open(const std::string& path);
  AuditFile(AuditFile&& other) noexcept;
  AuditFile& operator=(AuditFile&& other) noexcept;
  ~AuditFile();

  // Appends whole lines. A failure leaves at most the beginning of a line, which the next call ends.
  [[nodiscard]] base::Outcome<void> append(std::string_view lines);
  // Returns once what was appended will outlive a loss of power.
  [[nodiscard]] base::Outcome<void> sync();

 private:
  AuditFile(std::string path, int fd) noexcept;
  [[nodiscard]] base::Outcome<void> write(std::string_view text);
  [[nodiscard]] std::unexpected<base::Failure> failed(std::string_view what, int error) const;

  std::string path_;
  int fd_;
  bool torn_ = false;  // the last line has no end
};

}  // namespace kes::observe

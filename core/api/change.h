#pragma once

#include <string>

#include "base/time.h"
#include "http/server.h"
#include "observe/record.h"

namespace kes::api {

// Who changes what, kept for the records of a change whose answer may come after its client has gone.
struct Change {
  // `intent` and `done` are the messages of the records before and after.
  Change(const http::Exchange& exchange, std::string intent, std::string done);

  // Before the change with status 0, after it with that of the answer.
  [[nodiscard]] observe::AuditRecord record(int status) const;

  std::string intent;
  std::string done;
  std::string method;
  std::string path;
  std::string ip;
  std::string identity;
  base::SteadyTime startedAt;
};

}  // namespace kes::api

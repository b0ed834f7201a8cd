#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace kes::config {

// A duration of the file and the place to complain about it.
struct TimedScalar {
  Scalar source;
  std::optional<std::chrono::nanoseconds> value;
};

struct TlsDraft {
  Section section;  // for what is missing in it
  Scalar key;
  Scalar certificate;
  Scalar password;
  Scalar auth;
  Scalar ca;
  Scalar proxyHeader;
  std::vector<Scalar> proxies;
};

struct CacheDraft {
  TimedScalar any;
  TimedScalar unused;
  TimedScalar offline;
  TimedScalar revalidate;
};

struct ApiDraft {
  std::string route;
  Scalar skipAuth;  // for messages
  bool skip = false;
  TimedScalar timeout;
  Section section;
};

struct PolicyDraft {
  std::string name;
  Section section;
  std::vector<Scalar> allow;
  std::vector<Scalar> deny;
  std::vector<Scalar> identities;
};

struct LogDraft {
  Scalar error;
  Scalar audit;
  Scalar format;
  Scalar auditFile;
  Scalar auditRequired;  // for messages
  bool required = false;
};

// What the file says, with types and ${VAR} dealt with and every place remembered, but not yet checked for
// sense.
struct Draft {
  Scalar address;
  Scalar admin;
  TlsDraft tls;
  CacheDraft cache;
  std::vector<ApiDraft> api;
  std::vector<PolicyDraft> policies;
  std::vector<Scalar> keys;
  LogDraft log;
  Limits limits;
  Scalar pluginDir;
  Scalar pluginSha256;
};

// Reads every section but `keystore`. Failures and warnings are the reader's.
[[nodiscard]] Draft readDraft(const Section& root);

// Checks in the order in which KES does, so that the same mistake is named first, and fills in the defaults.
// The result counts only when the reader has no failure.
[[nodiscard]] Config checkDraft(const Section& root, const Draft& draft);

}  // namespace kes::config

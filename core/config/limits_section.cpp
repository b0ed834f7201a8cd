#include "config/limits_section.h"

#include <array>
#include <limits>

#include "base/time.h"

namespace kes::config {
namespace {

using std::chrono::nanoseconds;

struct DurationLimit {
  std::string_view key;
  nanoseconds Limits::* field;
  nanoseconds least;
};
constexpr nanoseconds kLeast = std::chrono::milliseconds(1);
constexpr std::array kDurations = {
    DurationLimit{"handshake_timeout", &Limits::handshake, kLeast},
    DurationLimit{"header_timeout", &Limits::header, kLeast},
    DurationLimit{"body_timeout", &Limits::body, kLeast},
    DurationLimit{"idle_timeout", &Limits::idle, kLeast},
    DurationLimit{"shutdown_timeout", &Limits::shutdown, nanoseconds(0)},
};

struct NumberLimit {
  std::string_view key;
  std::size_t Limits::* field;
  std::size_t least;
  std::size_t most;
};
constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kInt =
    std::numeric_limits<std::int32_t>::max();  // what HTTP/2 and the kernel count with
// The largest body of a request is 1 MB (docs/protocol/http.md), so a connection must be able to hold one.
constexpr std::size_t kOneBody = 1'000'000;
// A bulk decryption is an array of objects that may hold arrays of bytes; the most is what the stack of an
// event loop is sure to take.
constexpr std::size_t kLeastDepth = 4;
constexpr std::size_t kMostDepth = 512;
// No record of a log is larger, whatever of it is escaped.
constexpr std::size_t kOneRecord = 64 * 1024;
constexpr std::size_t kSettings = 6;  // that RFC 9113 §6.5.2 defines
constexpr std::array kNumbers = {
    NumberLimit{"connections", &Limits::connections, 0, kInt},
    NumberLimit{"connections_per_address", &Limits::connectionsPerAddress, 0, kInt},
    NumberLimit{"connections_per_identity", &Limits::connectionsPerIdentity, 0, kInt},
    NumberLimit{"handshakes", &Limits::handshakes, 1, kInt},
    NumberLimit{"header_size", &Limits::headerSize, 1024, 1U << 20U},
    NumberLimit{"body_per_connection", &Limits::bodyPerConnection, kOneBody, kInt},
    NumberLimit{"body_total", &Limits::bodyTotal, kOneBody, kAny},
    NumberLimit{"answers_per_connection", &Limits::answersPerConnection, 1024, kInt},
    NumberLimit{"json_depth", &Limits::jsonDepth, kLeastDepth, kMostDepth},
    NumberLimit{"streams", &Limits::streams, 1, kInt},
    NumberLimit{"reset_burst", &Limits::resetBurst, 1, kInt},
    NumberLimit{"reset_rate", &Limits::resetRate, 1, kInt},
    NumberLimit{"settings_entries", &Limits::settingsEntries, kSettings, 1024},
    NumberLimit{"continuations", &Limits::continuations, 1, 1024},
    NumberLimit{"unread_acks", &Limits::unreadAcks, 10, kInt},
    NumberLimit{"requests_per_identity", &Limits::requestsPerIdentity, 0, 1'000'000},
    NumberLimit{"burst_per_identity", &Limits::burstPerIdentity, 0, 1'000'000},
    NumberLimit{"misses_per_identity", &Limits::missesPerIdentity, 0, kInt},
    NumberLimit{"store_threads", &Limits::storeThreads, 1, 1024},
    NumberLimit{"store_queue", &Limits::storeQueue, 1, kInt},
    NumberLimit{"log_streams", &Limits::logStreams, 0, 100'000},
    NumberLimit{"log_stream_queue", &Limits::logStreamQueue, kOneRecord, kInt},
};

void readDuration(const Section& section, const DurationLimit& limit, Limits& limits) {
  const auto value = section.duration(limit.key);
  if (!value) return;
  if (*value < limit.least) {
    const Scalar source = section.scalar(limit.key);
    return section.reader().refuse(
        source, source.shown() + " is too short; the least is " + base::formatDuration(limit.least));
  }
  limits.*limit.field = *value;
}

void readNumber(const Section& section, const NumberLimit& limit, Limits& limits) {
  const auto value = section.size(limit.key);
  if (!value) return;
  const auto refuse = [&](const char* what, std::size_t bound) {
    const Scalar source = section.scalar(limit.key);
    section.reader().refuse(source, source.shown() + what + std::to_string(bound));
  };
  if (*value < limit.least) return refuse(" is too small; the least is ", limit.least);
  if (*value > limit.most) return refuse(" is too large; the most is ", limit.most);
  limits.*limit.field = *value;
}

}  // namespace

Limits readLimits(const Section& section) {
  Limits limits;
  for (const auto& limit : kDurations) readDuration(section, limit, limits);
  for (const auto& limit : kNumbers) readNumber(section, limit, limits);
  if (limits.bodyTotal < limits.bodyPerConnection) {
    section.reader().refuse(section.scalar(section.has("body_total") ? "body_total" : "body_per_connection"),
                            "body_total is less than body_per_connection; make it at least as large");
  }
  if (limits.burstPerIdentity > 0 && limits.requestsPerIdentity == 0) {
    section.reader().refuse(section.scalar("burst_per_identity"),
                            "burst_per_identity means nothing without requests_per_identity; give both");
  }
  return limits;
}

}  // namespace kes::config

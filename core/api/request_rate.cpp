#include "api/request_rate.h"

#include <algorithm>

namespace kes::api {
namespace {

constexpr std::chrono::seconds kSweepInterval{1};
// The largest part of a burst that a loop takes at a time: what one holds, others lack until it gives it
// back.
constexpr std::uint64_t kShares = 16;

}  // namespace

RateBuckets::Grant RateBuckets::take(std::string_view identity, const RequestRate& rate, std::uint64_t wanted,
                                     base::SteadyTime now) {
  const auto interval = rate.interval();
  const std::lock_guard lock(mutex_);
  sweep(now);
  auto& fullAt = fullAt_.try_emplace(std::string(identity), now).first->second;
  fullAt = std::max(fullAt, now);
  // A bucket that lacks n requests is full after n intervals, an empty one after those of the burst.
  const auto emptyAt = now + interval * static_cast<std::int64_t>(rate.burst);
  if (emptyAt - fullAt < interval) return {.requests = 0, .wait = fullAt + interval - emptyAt};
  const auto available = static_cast<std::uint64_t>((emptyAt - fullAt) / interval);
  const auto granted = std::min(wanted, available);
  fullAt += interval * static_cast<std::int64_t>(granted);
  return {.requests = granted, .wait = {}};
}

void RateBuckets::give(std::string_view identity, const RequestRate& rate, std::uint64_t requests) {
  const std::lock_guard lock(mutex_);
  const auto found = fullAt_.find(std::string(identity));
  if (found != fullAt_.end()) found->second -= rate.interval() * static_cast<std::int64_t>(requests);
}

std::size_t RateBuckets::size() const {
  const std::lock_guard lock(mutex_);
  return fullAt_.size();
}

void RateBuckets::sweep(base::SteadyTime now) {
  if (now < nextSweep_) return;
  nextSweep_ = now + kSweepInterval;
  std::erase_if(fullAt_, [now](const auto& bucket) { return bucket.second <= now; });
}

std::optional<std::chrono::nanoseconds> RateShare::spend(std::string_view identity, const RequestRate& rate,
                                                         base::SteadyTime now) {
  if (rate.perSecond == 0) return std::nullopt;
  auto found = shares_.find(identity);
  if (found == shares_.end()) found = shares_.emplace(identity, Share()).first;
  Share& share = found->second;
  if (share.left == 0) {
    if (now < share.emptyUntil) return share.emptyUntil - now;
    // As many again as it has used in this second, so that at most half of what loops take is left over.
    const auto most = std::max<std::uint64_t>(1, rate.burst / kShares);
    const auto grant = buckets_.take(identity, rate, std::clamp<std::uint64_t>(share.spent, 1, most), now);
    if (grant.requests == 0) {
      share.emptyUntil = now + grant.wait;
      return grant.wait;
    }
    share.left = grant.requests;
  }
  --share.left;
  ++share.spent;
  return std::nullopt;
}

void RateShare::giveBack(const RequestRate& rate) {
  for (const auto& [identity, share] : shares_) {
    if (share.left > 0 && rate.perSecond > 0) buckets_.give(identity, rate, share.left);
  }
  shares_.clear();
}

}  // namespace kes::api

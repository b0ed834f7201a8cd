#include "keystore/availability.h"

#include <gtest/gtest.h>

#include "keystore/store_error.h"

namespace kes::keystore {
namespace {

constexpr auto kLater = base::SteadyTime(std::chrono::hours(1));

StoreFailure failureOf(StoreError error) {
  return {error, "why"};
}

TEST(Availability, endsWithTheThirdFailureInARowToReachTheStore) {
  for (const auto error :
       {StoreError::unavailable, StoreError::timeout, StoreError::throttled, StoreError::outcomeUnknown}) {
    Availability availability;
    availability.failed(failureOf(error));
    availability.failed(failureOf(error));
    EXPECT_FALSE(availability.offline()) << storeErrorName(error);
    availability.failed(failureOf(error));
    EXPECT_TRUE(availability.offline()) << storeErrorName(error);
    EXPECT_EQ(availability.cause().error, error);
    EXPECT_EQ(availability.cause().text, "why");
  }
}

TEST(Availability, countsFailuresInARowOnly) {
  for (const auto error : {StoreError::exists, StoreError::notFound, StoreError::conflict}) {
    Availability availability;
    for (int i = 0; i < 2; ++i) availability.failed(failureOf(StoreError::timeout));
    availability.failed(failureOf(error));  // an answer
    for (int i = 0; i < 2; ++i) availability.failed(failureOf(StoreError::timeout));
    EXPECT_FALSE(availability.offline()) << storeErrorName(error);
  }
}

TEST(Availability, isNotChangedByARefusal) {
  for (const auto error : {StoreError::denied, StoreError::invalid, StoreError::unsupported,
                           StoreError::corrupt, StoreError::internal}) {
    Availability availability;
    for (int i = 0; i < 5; ++i) availability.failed(failureOf(error));
    EXPECT_FALSE(availability.offline()) << storeErrorName(error);
    for (int i = 0; i < 3; ++i) availability.failed(failureOf(StoreError::unavailable));
    availability.failed(failureOf(error));
    EXPECT_TRUE(availability.offline()) << storeErrorName(error);
  }
}

TEST(Availability, endsWithOneFailedProbe) {
  for (const auto error :
       {StoreError::unavailable, StoreError::timeout, StoreError::throttled, StoreError::internal}) {
    Availability availability;
    availability.probeFailed(failureOf(error));
    EXPECT_TRUE(availability.offline()) << storeErrorName(error);
  }
  for (const auto error : {StoreError::denied, StoreError::invalid, StoreError::notFound}) {
    Availability availability;
    availability.probeFailed(failureOf(error));
    EXPECT_FALSE(availability.offline()) << storeErrorName(error);
  }
}

TEST(Availability, returnsWithTheFirstSuccess) {
  Availability availability;
  availability.probeFailed(failureOf(StoreError::timeout));
  availability.succeeded();
  EXPECT_FALSE(availability.offline());
}

TEST(Availability, admitsEveryoneWhileOnlineAndOneAtATimeWhileOffline) {
  Availability availability;
  const auto now = base::SteadyTime();
  const auto first = availability.admit(now, kLater);
  const auto second = availability.admit(now, kLater);
  EXPECT_TRUE(first && second);

  availability.probeFailed(failureOf(StoreError::unavailable));
  {
    auto ticket = availability.admit(now, kLater);
    ASSERT_TRUE(ticket);
    EXPECT_FALSE(availability.admit(now, kLater));
    const auto moved = std::move(*ticket);
    ticket.reset();
    EXPECT_FALSE(availability.admit(now, kLater)) << "moved, not given back";
  }
  EXPECT_TRUE(availability.admit(now, kLater));
}

TEST(Availability, doesNotWaitForACallThatIsStuck) {
  Availability availability;
  availability.probeFailed(failureOf(StoreError::unavailable));
  auto stuck = availability.admit(base::SteadyTime(), kLater);
  ASSERT_TRUE(stuck);
  const auto next = availability.admit(kLater, kLater + std::chrono::hours(1));
  ASSERT_TRUE(next);
  stuck.reset();  // gives back what is no longer its own
  EXPECT_FALSE(availability.admit(kLater, kLater));
}

}  // namespace
}  // namespace kes::keystore

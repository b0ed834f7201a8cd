#include "keystore/store_statistics.h"

namespace kes::keystore {
namespace {

constexpr std::array<std::string_view, kStoreOperations> kOperationNames = {"create", "get", "delete", "list",
                                                                            "status"};
constexpr std::array<std::string_view, kStoreOutcomes> kOutcomeNames = {
    "ok",        "exists",   "not_found",   "denied",  "invalid",  "unavailable",    "timeout",
    "throttled", "conflict", "unsupported", "corrupt", "internal", "outcome_unknown"};
static_assert(static_cast<std::size_t>(StoreError::outcomeUnknown) + 2 == kStoreOutcomes);

}  // namespace

std::string_view storeOperationName(StoreOperation operation) noexcept {
  return kOperationNames[static_cast<std::size_t>(operation)];
}

std::string_view storeOutcomeName(std::size_t outcome) noexcept {
  return kOutcomeNames[outcome];
}

}  // namespace kes::keystore

#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "keystore/blob_store.h"

namespace kes::keystore {

// "exists", "not found", "outcome unknown" …: the word for `error` in a log.
[[nodiscard]] std::string_view storeErrorName(StoreError error) noexcept;

// What callers of the API are told about a failed store call. Only "exists" and "not found" show through;
// everything else is a failed operation whose cause goes to the error log (docs/protocol/http.md, "Errors").
// `name` is the key's, where there is one.
[[nodiscard]] base::Error readError(std::string_view name, const StoreFailure& failure);
[[nodiscard]] base::Error createError(std::string_view name, const StoreFailure& failure);
[[nodiscard]] base::Error removeError(std::string_view name, const StoreFailure& failure);
[[nodiscard]] base::Error listError(std::string_view, const StoreFailure& failure);
[[nodiscard]] base::Error statusError(std::string_view, const StoreFailure& failure);

// The answer to a call that was never sent: the caller may safely repeat it.
[[nodiscard]] base::Error notSentError(std::string cause);

}  // namespace kes::keystore

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"
#include "request.h"

namespace kes::load {

// What is asked of the server: one kind of request, or several by weight, always in the same order.
class Workload {
 public:
  // Throws std::runtime_error for a mix that is none.
  explicit Workload(const Options& options);

  // Over one connection: creates the key if that is wanted, and gets the ciphertexts that a decrypt needs.
  void prepare(const Options& options);
  [[nodiscard]] RequestPtr next();

 private:
  struct Part {
    std::string kind;
    int weight;
    int credit = 0;
    std::vector<RequestPtr> requests;  // taken in turn; none for create, whose names are used once
    std::size_t turn = 0;
  };

  void addPart(std::string_view text);
  [[nodiscard]] RequestPtr make(std::string_view method, std::string path, std::string body = {}) const {
    return makeRequest(authority_, method, std::move(path), std::move(body));
  }

  std::string authority_;
  std::string keyName_;
  std::string newKeyPrefix_;
  std::uint64_t newKeys_ = 0;
  int totalWeight_ = 0;
  std::vector<Part> parts_;
};

}  // namespace kes::load

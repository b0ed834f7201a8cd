// Throws from wherever it can.
#include <kes/plugin.hpp>
#include <stdexcept>

namespace {

using kes::plugin::Call;
using kes::plugin::Status;

class Store {
 public:
  Store(const Call&, const kes::plugin::Host& host) {
    if (host.configBoolean("/throw").value_or(false)) throw std::runtime_error("no store today");
  }
  Status status(const Call&) { throw std::bad_alloc(); }
  Status create(const Call&, std::string_view, std::span<const std::uint8_t>) { throw 42; }
  Status get(const Call&, std::string_view, kes::plugin::BlobSink&) {
    throw std::out_of_range("off the map");
  }
  Status remove(const Call&, std::string_view) {
    throw kes::plugin::Failure(kes::plugin::Code::throttled, "slower, please");
  }
  Status list(const Call&, std::string_view, std::string_view, kes::plugin::ListSink&) {
    throw kes::plugin::Failure(kes::plugin::Code::ok, "");
  }
  [[nodiscard]] std::string describe() const { throw std::runtime_error("indescribable"); }
};

}  // namespace

KES_PLUGIN_STORE(Store, .id = "throws", .name = "Thrower", .version = "1", .vendor = "kes",
                 .licence = "Apache-2.0", .configSchema = R"({"type": "object"})")

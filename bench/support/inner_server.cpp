#include "support/inner_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <vector>

#include "api/handler.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "http/body_budget.h"
#include "policy/policy_set.h"

namespace kes::bench {
namespace {

using namespace std::chrono_literals;

keystore::Call soon() {
  return {.deadline = base::SteadyClock::now() + 30s, .requestId = 0, .cancelled = nullptr};
}

}  // namespace

keystore::StoreSettings memStoreSettings() {
  return {.id = "mem",
          .configuration = "{}",
          .locations = {},
          .pluginDirs = {KES_BINARY_DIR "/lib/kes/plugins"},
          .sha256 = {},
          .threads = 1,
          .queue = 16};
}

InnerServer::InnerServer(std::string identity)
    : identity_(std::move(identity)),
      null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
      log_({}, std::nullopt, {}, null_, null_),
      context_{.log = log_, .version = "1", .commit = "1"} {
  openStore();
  publishState();
}

InnerServer::~InnerServer() {
  store_->close(base::SteadyClock::now() + 5s);
  ::close(null_);
}

std::unique_ptr<http::Handler> InnerServer::makeHandler() {
  return std::make_unique<api::ApiHandler>(context_);
}

std::shared_ptr<http::EventLoop> InnerServer::makeLoop(std::shared_ptr<http::TlsSource> tls) {
  const http::Limits limits;
  return std::make_shared<http::EventLoop>(limits, std::move(tls),
                                           std::make_shared<http::BodyMemory>(limits.bodyTotal),
                                           limits.bodyPerConnection, complain);
}

void InnerServer::complain(std::string_view address, std::string_view what) {
  fmt::print(stderr, "{}: {}\n", address, what);
}

void InnerServer::openStore() {
  // Nothing may expire or be read anew while something is measured.
  const keystore::CacheSettings cache{.any = 1h, .unused = 1h, .offline = 0h, .revalidate = 0h};
  store_ = valueOf(keystore::KeyStore::open(memStoreSettings(), cache));
  // The same algorithm on every machine.
  auto stored = crypto::importKey(crypto::Algorithm::aes256, crypto::randomSecret(crypto::kKeySize), "");
  std::promise<base::Result<void>> created;
  store_->create(kKeyName, std::move(stored), soon(),
                 [&](base::Result<void> result) { created.set_value(std::move(result)); });
  if (!created.get_future().get()) throw std::runtime_error("cannot create the key");
  std::promise<base::Result<keystore::KeyPtr>> fetched;
  store_->fetch(kKeyName, soon(), [&](auto result) { fetched.set_value(std::move(result)); });
  auto key = fetched.get_future().get();
  if (!key) throw std::runtime_error("cannot read the key");
  key_ = *key;
}

void InnerServer::publishState() {
  const std::vector<policy::PolicyStatement> policies = {
      {.name = "app",
       .allow = {"/v1/key/list/*", "/v1/key/create/*", "/v1/key/generate/*", "/v1/key/encrypt/*",
                 "/v1/key/decrypt/*"},
       .deny = {"/v1/key/*/internal*", "/v1/policy/*"},
       .identities = {identity_}}};
  auto state = std::make_shared<api::State>();
  state->policies = valueOf(policy::PolicySet::build("disabled", policies));
  state->store = store_;
  for (api::RouteSettings& route : state->routes) route.timeout = 15s;
  context_.state.publish(std::move(state));
}

std::string InnerServer::seal(std::string_view plaintext, std::string_view context) const {
  std::vector<std::uint8_t> ciphertext(plaintext.size() + crypto::kCiphertextOverhead);
  if (!key_->seal(base::bytesOf(plaintext), base::bytesOf(context), ciphertext))
    throw std::runtime_error("cannot seal");
  return base::encodeBase64(ciphertext);
}

Bodies::Bodies(const InnerServer& server) {
  constexpr std::string_view kContext = "bucket/object";
  constexpr std::string_view kPlaintext = "0123456789abcdef0123456789abcdef";
  const std::string context = base::encodeBase64(base::bytesOf(kContext));
  generate = fmt::format(R"({{"context":"{}"}})", context);
  encrypt = fmt::format(R"({{"plaintext":"{}","context":"{}"}})",
                        base::encodeBase64(base::bytesOf(kPlaintext)), context);
  decrypt =
      fmt::format(R"({{"ciphertext":"{}","context":"{}"}})", server.seal(kPlaintext, kContext), context);
}

}  // namespace kes::bench

#include "workload.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <stdexcept>

#include "h1_answer.h"
#include "tls_connection.h"

namespace kes::load {
namespace {

constexpr std::array<std::string_view, 5> kKinds = {"generate", "decrypt", "encrypt", "version", "create"};
constexpr int kCiphertexts = 16;
constexpr int kMostWeight = 1000;
constexpr std::string_view kContext = "YnVja2V0L29iamVjdA==";
constexpr std::string_view kPlaintext = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

// Sends one request over http/1.1 and returns the answer, head and body.
std::string ask(TlsConnection& connection, const Request& request) {
  std::string answer;
  if (!connection.send(request.http1)) throw std::runtime_error("connection lost");
  while (!firstAnswer(answer)) {
    if (!connection.wait() || !connection.receive(answer)) throw std::runtime_error("no answer");
  }
  return answer;
}

std::string memberOf(std::string_view json, std::string_view name) {
  const std::string quoted = fmt::format("\"{}\":\"", name);
  const std::size_t begin = json.find(quoted);
  const std::size_t end = begin == json.npos ? begin : json.find('"', begin + quoted.size());
  if (end == json.npos) throw std::runtime_error(fmt::format("no {} in: {}", name, json));
  return std::string(json.substr(begin + quoted.size(), end - begin - quoted.size()));
}

}  // namespace

Workload::Workload(const Options& options)
    : authority_(fmt::format("{}:{}", options.host, options.port)), keyName_(options.keyName) {
  std::uint64_t random = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
  newKeyPrefix_ = fmt::format("{}-{:016x}-", keyName_, random);
  std::string_view rest = options.mix;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    addPart(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (parts_.empty()) throw std::runtime_error("the mix is empty");
}

void Workload::addPart(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  Part part{.kind = std::string(text.substr(0, equals)), .weight = 1, .requests = {}};
  if (equals < text.size()) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + equals + 1, end, part.weight);
    if (parsed.ec != std::errc{} || parsed.ptr != end || part.weight < 1 || part.weight > kMostWeight)
      throw std::runtime_error(fmt::format("mix: '{}' has no weight of 1 to {}", text, kMostWeight));
  }
  if (std::ranges::find(kKinds, part.kind) == kKinds.end())
    throw std::runtime_error(
        fmt::format("mix: no kind '{}'; there are {}", part.kind, fmt::join(kKinds, ", ")));
  if (part.kind == "generate") {
    part.requests.push_back(
        make("PUT", "/v1/key/generate/" + keyName_, fmt::format(R"({{"context":"{}"}})", kContext)));
  } else if (part.kind == "encrypt") {
    part.requests.push_back(
        make("PUT", "/v1/key/encrypt/" + keyName_,
             fmt::format(R"({{"plaintext":"{}","context":"{}"}})", kPlaintext, kContext)));
  } else if (part.kind == "version") {
    part.requests.push_back(make("GET", "/version"));
  }
  totalWeight_ += part.weight;
  parts_.push_back(std::move(part));
}

void Workload::prepare(const Options& options) {
  const auto decrypt = std::ranges::find(parts_, "decrypt", &Part::kind);
  if (!options.createKey && decrypt == parts_.end()) return;

  const TlsContext context(options.certificate, options.key, "http/1.1", options.group);
  TlsConnection connection(context, connectTo(options.host, options.port));
  connection.finishHandshake();
  if (options.createKey) {
    const std::string answer = ask(connection, *make("PUT", "/v1/key/create/" + keyName_));
    if (!answer.starts_with("HTTP/1.1 200") && answer.find("exists") == answer.npos)
      throw std::runtime_error("cannot create the key: " + answer);
  }
  if (decrypt == parts_.end()) return;
  const RequestPtr generate =
      make("PUT", "/v1/key/generate/" + keyName_, fmt::format(R"({{"context":"{}"}})", kContext));
  for (int i = 0; i < kCiphertexts; ++i) {
    const std::string ciphertext = memberOf(ask(connection, *generate), "ciphertext");
    decrypt->requests.push_back(
        make("PUT", "/v1/key/decrypt/" + keyName_,
             fmt::format(R"({{"ciphertext":"{}","context":"{}"}})", ciphertext, kContext)));
  }
}

// Smooth weighted round robin: each part gains its weight, the richest pays for all.
RequestPtr Workload::next() {
  for (Part& part : parts_) part.credit += part.weight;
  Part& part = *std::ranges::max_element(parts_, {}, &Part::credit);
  part.credit -= totalWeight_;
  if (part.kind == "create")
    return make("PUT", fmt::format("/v1/key/create/{}{}", newKeyPrefix_, newKeys_++));
  return part.requests[part.turn++ % part.requests.size()];
}

}  // namespace kes::load

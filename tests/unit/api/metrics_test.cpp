#include "api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "api/handler.h"
#include "doubles.h"

namespace kes::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// A server that has counted something of everything.
class BusyServer final : public http::Server {
 public:
  std::uint16_t port() const noexcept override { return 0; }
  std::size_t loops() const noexcept override { return 1; }
  http::Counters counters() const noexcept override {
    http::Counters busy;
    busy.accepted = 9;
    busy.handshakes = 5;
    busy.resumed = 2;
    busy.opened = {4, 3};
    busy.closed = {1, 1};
    busy.failures.fill(1);
    return busy;
  }
  http::CertificateExpiry certificateExpiry() const noexcept override { return {1'800'000'000, 1, 2}; }
  base::Outcome<void> updateTls(const http::TlsSettings&,
                                std::shared_ptr<const http::PeerVerifier>) override {
    return {};
  }
  void stop(base::SteadyTime) override {}
};

class Metrics : public testing::Test {
 protected:
  Metrics() {
    auto state = std::make_shared<State>();
    state->policies = *policy::PolicySet::build(
        "admin", std::vector<policy::PolicyStatement>{{.name = "app",
                                                       .allow = {"/v1/metrics", "/v1/key/*"},
                                                       .deny = {"/v1/key/delete/*"},
                                                       .identities = {"client"}}});
    state->store = store_;
    state->requestRate = {.perSecond = 1, .burst = 100};
    for (RouteSettings& route : state->routes) route.timeout = 15s;
    context_.state.publish(std::move(state));
    handler_ = std::make_unique<ApiHandler>(context_);
  }

  FakeExchange handle(FakeExchange exchange) {
    handler_->onRequest(exchange);
    if (exchange.bodyLimit) handler_->onBody(exchange);
    return exchange;
  }
  std::string scraped(std::string_view query = "") {
    return handle({"GET", "/v1/metrics" + std::string(query)}).answer;
  }
  // The value of one sample, empty where there is none.
  std::string value(const std::string& sample) {
    std::istringstream lines(scraped("?families=all"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(sample + ' ')) return line.substr(sample.size() + 1);
    }
    return {};
  }

  SilentLog log_;
  Context context_{.log = log_.log, .version = "1", .commit = "2"};
  BusyServer server_;
  const std::shared_ptr<HeldStore> store_ = std::make_shared<HeldStore>();
  std::unique_ptr<ApiHandler> handler_;
};

TEST_F(Metrics, countOnlyWhatGotToARouteOfKes) {
  handle({"GET", "/v1/nowhere"});
  handle({"POST", "/v1/api"});
  handle({"PUT", "/v1/key/create/x", "", ""});
  handle({"PUT", "/v1/key/create/x", "", "stranger"});
  handle({"DELETE", "/v1/key/delete/x"});
  handle({"GET", "/v1/status"});
  handle({"GET", "/version"});
  EXPECT_THAT(scraped(), Not(HasSubstr("code=")));
  handle({"GET", "/v1/key/describe/no-name-"});
  EXPECT_THAT(scraped(), HasSubstr("kes_http_request_error{code=\"400\"} 1\n"));
  EXPECT_EQ(value("kes_http_response_time_count"), "1");

  for (const std::string reason : {"method", "no_certificate", "unknown_identity", "denied", "not_allowed"}) {
    EXPECT_EQ(value("kes_requests_refused_total{reason=\"" + reason + "\"}"), "1") << reason;
  }
  EXPECT_EQ(value("kes_requests_refused_total{reason=\"path\"}"), "1");
  EXPECT_EQ(value("kes_requests_total{route=\"/version\",code=\"200\"}"), "1");
}

TEST_F(Metrics, tellOfRequestsThatWaitAndOfThoseWhoseClientsHaveGone) {
  FakeExchange waiting("GET", "/v1/key/describe/x");
  handler_->onRequest(waiting);
  ASSERT_TRUE(waiting.deferred);
  EXPECT_EQ(value("kes_http_request_active"), "1");
  handler_->onAbandoned(waiting);
  EXPECT_EQ(value("kes_http_request_active"), "0");
  EXPECT_EQ(value("kes_requests_abandoned_total{route=\"/v1/key/describe/\"}"), "1");
}

TEST_F(Metrics, rateOfAnIdentityIsARefusal) {
  for (int i = 0; i < 101; ++i) handle({"GET", "/v1/key/describe/no-name-"});
  const std::string text = metricsText(context_, Families::all);
  EXPECT_THAT(text, HasSubstr("kes_requests_refused_total{reason=\"rate\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kes_http_request_error{code=\"400\"} 100\n"));
}

TEST_F(Metrics, failuresAreOfStatus5xx) {
  FakeExchange late("GET", "/v1/key/describe/x");
  handler_->onRequest(late);
  handler_->onDeadline(late);
  EXPECT_EQ(late.status, 504);
  EXPECT_THAT(scraped(), HasSubstr("kes_http_request_failure{code=\"504\"} 1\n"));
}

TEST_F(Metrics, areOfTheContentTypeThatPrometheusExpects) {
  const FakeExchange answer = handle({"GET", "/v1/metrics"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.contentType, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(Metrics, knowTheFamiliesTheyAreAskedFor) {
  for (const std::string query : {"", "?", "?x=families", "?families=kes", "?families=all&families=kes"}) {
    EXPECT_THAT(scraped(query), Not(HasSubstr("kes_build_info"))) << query;
  }
  EXPECT_THAT(scraped("?x&families=all"), HasSubstr("kes_build_info{version=\"1\",commit=\"2\"} 1\n"));
  const FakeExchange refused = handle({"GET", "/v1/metrics?families=some%22"});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.answer,
            "{\"message\":\"unknown metric families 'some%22': ask for 'families=all', or leave it out\"}\n");
}

TEST_F(Metrics, ofTheServerAppearOnceItListens) {
  EXPECT_EQ(value("kes_connections{protocol=\"h2\"}"), "");
  context_.server = &server_;
  EXPECT_EQ(value("kes_connections{protocol=\"h2\"}"), "2");
  EXPECT_EQ(value("kes_connections{protocol=\"http/1.1\"}"), "3");
  EXPECT_EQ(value("kes_tls_handshakes_total{kind=\"full\"}"), "3");
  EXPECT_EQ(value("kes_tls_handshake_failures_total{reason=\"certificate\"}"), "1");
  EXPECT_EQ(value("kes_tls_certificate_not_after_timestamp_seconds{certificate=\"server\"}"), "1800000000");
}

// --- the two variants with everything counted
// -----------------------------------------------------------------------------------------------------

class FullMetrics : public Metrics {
 protected:
  FullMetrics() {
    context_.server = &server_;
    const auto counters = context_.counters.add();
    for (RouteCounters& route : counters->routes) {
      route.admitted.add();
      route.duration.add(1ms);
      for (const int status : {200, 301, 400, 404, 406, 409, 429, 500, 502, 503, 504, 999})
        route.answers.add(status);
    }
    for (auto& operation : store_->counted.operations) {
      operation.outcomes.fill(1);
      operation.duration.counts.fill(1);
    }
  }

  struct Family {
    std::string type{};
    std::set<std::string> labels{};
    std::size_t samples = 0;

    friend bool operator==(const Family& one, const Family& other) {
      return one.type == other.type && one.labels == other.labels;
    }
    friend void PrintTo(const Family& family, std::ostream* out) {
      *out << family.type;
      for (const auto& label : family.labels) *out << ' ' << label;
    }
  };
  using Table = std::map<std::string, Family>;

  static Table familiesIn(const std::string& text) {
    Table table;
    Family* last = nullptr;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# TYPE ")) {
        const std::size_t space = line.find(' ', 7);
        last = &table[line.substr(7, space - 7)];
        last->type = line.substr(space + 1);
      } else if (!line.starts_with('#')) {
        ++last->samples;
        for (std::size_t equals = line.find("=\""); equals != line.npos;
             equals = line.find("=\"", equals + 1)) {
          const std::size_t from = line.find_last_of("{,", equals) + 1;
          last->labels.insert(line.substr(from, equals - from));
        }
      }
    }
    return table;
  }

  // The rows of docs/metrics.md that begin with the name of a family.
  static Table documented(std::string_view section) {
    std::ifstream page(KES_SOURCE_DIR "/docs/metrics.md");
    Table table;
    bool inSection = section.empty();
    for (std::string line; std::getline(page, line);) {
      if (line.starts_with("## ") && !section.empty()) inSection = line == "## " + std::string(section);
      if (!inSection || !(line.starts_with("| `kes_") || line.starts_with("| `process_"))) continue;
      std::istringstream cells(line.substr(2));
      std::string name;
      std::string type;
      std::string labels;
      std::getline(cells, name, '|');
      std::getline(cells, type, '|');
      std::getline(cells, labels, '|');
      Family& family = table[name.substr(1, name.find('`', 1) - 1)];
      family.type = type.substr(1, type.size() - 2);
      for (std::size_t tick = labels.find('`'); tick != labels.npos; tick = labels.find('`', tick + 1)) {
        const std::size_t end = labels.find('`', tick + 1);
        family.labels.insert(labels.substr(tick + 1, end - tick - 1));
        tick = end;
      }
    }
    return table;
  }
};

TEST_F(FullMetrics, areThoseOfTheDocumentation) {
  EXPECT_EQ(familiesIn(scraped()), documented("Metrics of KES"));
  EXPECT_EQ(familiesIn(scraped("?families=all")), documented(""));
}

TEST_F(FullMetrics, haveOneSampleEachForClientsMadeForKes) {
  for (const auto& [name, family] : familiesIn(scraped())) {
    const bool mayHaveMore = name == "kes_http_request_success" || name == "kes_http_request_error" ||
                             name == "kes_http_request_failure" || family.type == "histogram";
    EXPECT_GE(family.samples, 1U) << name;
    if (!mayHaveMore) {
      EXPECT_EQ(family.samples, 1U) << name;
    }
  }
}

TEST_F(FullMetrics, fitTheClient) {
  EXPECT_LT(scraped("?families=all").size(), std::size_t{1024 * 1024});
}

}  // namespace
}  // namespace kes::api

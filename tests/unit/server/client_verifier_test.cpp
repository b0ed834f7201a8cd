#include "server/client_verifier.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

namespace kes::server {
namespace {

void publish(api::StateCell& cell, const std::vector<policy::PolicyStatement>& policies) {
  const std::vector<std::string> proxies = {"proxy"};
  auto state = std::make_shared<api::State>();
  state->policies = policy::PolicySet::build("admin", policies, proxies).value();
  cell.publish(std::move(state));
}

TEST(ClientVerifier, knowsAdminProxiesAndWhomPoliciesName) {
  api::StateCell cell;
  const ClientVerifier verifier(cell, http::ClientChain::verifiedOrKnown);
  EXPECT_FALSE(verifier.isKnown("admin")) << "nobody is known before there is a state";

  publish(cell, {{.name = "app", .allow = {}, .deny = {}, .identities = {"client"}}});
  EXPECT_TRUE(verifier.isKnown("admin"));
  EXPECT_TRUE(verifier.isKnown("proxy"));
  EXPECT_TRUE(verifier.isKnown("client"));
  EXPECT_FALSE(verifier.isKnown("stranger"));
  EXPECT_FALSE(verifier.isKnown(""));
}

TEST(ClientVerifier, followsThePoliciesInForce) {
  api::StateCell cell;
  const ClientVerifier verifier(cell, http::ClientChain::verifiedOrKnown);
  publish(cell, {{.name = "app", .allow = {}, .deny = {}, .identities = {"first"}}});
  publish(cell, {{.name = "app", .allow = {}, .deny = {}, .identities = {"second"}}});
  EXPECT_FALSE(verifier.isKnown("first"));
  EXPECT_TRUE(verifier.isKnown("second"));
}

TEST(ClientVerifier, saysWhatIsWrongAndWhatToDo) {
  const api::StateCell cell;
  const ClientVerifier on(cell, http::ClientChain::verified);
  const ClientVerifier pinned(cell, http::ClientChain::verifiedOrKnown);
  EXPECT_EQ(on.explain(X509_V_ERR_CERT_HAS_EXPIRED), "certificate has expired; renew the certificate");
  EXPECT_EQ(on.explain(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT),
            "self-signed certificate; add the issuer of the certificate to tls.ca");
  EXPECT_EQ(pinned.explain(X509_V_ERR_INVALID_PURPOSE),
            "unsuitable certificate purpose; issue the certificate with extendedKeyUsage = clientAuth, or "
            "name its identity in a policy");
}

}  // namespace
}  // namespace kes::server

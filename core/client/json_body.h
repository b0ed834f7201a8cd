#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/encoding.h"
#include "client/transport.h"

namespace kes::client {

// {"field":"base64",…}; the size is reserved before, so that no secret is left behind by growth.
class JsonBody {
 public:
  explicit JsonBody(std::size_t size) {
    body_.text.reserve(size + 64);
    body_.text += '{';
  }

  JsonBody& bytes(std::string_view name, base::ByteView value) {
    field(name);
    const std::size_t at = body_.text.size();
    body_.text.resize(at + base::base64Size(value.size()));
    base::encodeBase64(value, body_.text.data() + at);
    body_.text += '"';
    return *this;
  }
  // Left out when empty, as an absent value means the same.
  JsonBody& optionalBytes(std::string_view name, base::ByteView value) {
    return value.empty() ? *this : bytes(name, value);
  }
  JsonBody& text(std::string_view name, std::string_view value) {
    field(name);
    base::appendJsonEscaped(body_.text, value);
    body_.text += '"';
    return *this;
  }
  JsonBody& texts(std::string_view name, std::span<const std::string> values) {
    separate();
    body_.text.append("\"").append(name).append("\":[");
    for (const std::string& value : values) {
      if (body_.text.back() != '[') body_.text += ',';
      body_.text += '"';
      base::appendJsonEscaped(body_.text, value);
      body_.text += '"';
    }
    body_.text += ']';
    return *this;
  }
  [[nodiscard]] WipedText close() {
    body_.text += '}';
    return std::move(body_);
  }

 private:
  void separate() {
    if (body_.text.size() > 1) body_.text += ',';
  }
  void field(std::string_view name) {
    separate();
    body_.text.append("\"").append(name).append("\":\"");
  }

  WipedText body_;
};

}  // namespace kes::client

#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kes::load {

struct Request {
  std::string method;
  std::string authority;
  std::string path;
  std::string body;
  std::string http1;  // all of it, as http/1.1 has it
};
using RequestPtr = std::shared_ptr<const Request>;

[[nodiscard]] inline RequestPtr makeRequest(std::string_view authority, std::string_view method,
                                            std::string path, std::string body) {
  auto request = std::make_shared<Request>(
      Request{std::string(method), std::string(authority), std::move(path), std::move(body), {}});
  request->http1 = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      request->method, request->path, authority, request->body.size(), request->body);
  return request;
}

}  // namespace kes::load

#include "http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace kes::http {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr Reason kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

constexpr auto kTokenCharacters = [] {
  std::array<bool, 256> set{};
  for (const unsigned char c :
       std::string_view("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "!#$%&'*+-.^_`|~")) {
    set[c] = true;
  }
  return set;
}();

constexpr bool isTokenCharacter(char c) noexcept {
  return kTokenCharacters[static_cast<unsigned char>(c)];
}

constexpr bool isControl(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

void appendNumber(WipedBytes& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, end));
}

void appendField(WipedBytes& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

void putTwoDigits(char* out, int number) noexcept {
  out[0] = static_cast<char>('0' + number / 10 % 10);
  out[1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view reasonPhrase(int status) noexcept {
  const auto* found = std::ranges::find(kReasons, status, &Reason::status);
  return found == std::end(kReasons) ? "Unknown" : found->phrase;
}

bool isSendableValue(std::string_view value) noexcept {
  return std::ranges::none_of(value, isControl);
}

bool isSendable(const Exchange::Header& header) noexcept {
  return !header.name.empty() && std::ranges::all_of(header.name, isTokenCharacter) &&
         isSendableValue(header.value);
}

void DateText::refresh(base::SteadyTime now) noexcept {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  timespec wall{};
  (void)clock_gettime(CLOCK_REALTIME, &wall);
  tm utc{};
  (void)gmtime_r(&wall.tv_sec, &utc);

  std::copy_n("Ddd, dd Mmm yyyy hh:mm:ss GMT", sizeof text_, text_);
  std::copy_n(kDays[utc.tm_wday], 3, text_);
  putTwoDigits(text_ + 5, utc.tm_mday);
  std::copy_n(kMonths[utc.tm_mon], 3, text_ + 8);
  putTwoDigits(text_ + 12, (utc.tm_year + 1900) / 100);
  putTwoDigits(text_ + 14, utc.tm_year % 100);
  putTwoDigits(text_ + 17, utc.tm_hour);
  putTwoDigits(text_ + 20, utc.tm_min);
  putTwoDigits(text_ + 23, utc.tm_sec);
  validUntil_ = now + std::chrono::nanoseconds(1'000'000'000 - wall.tv_nsec);
}

void appendResponseHead(WipedBytes& out, const ResponseHead& head) {
  if (head.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    appendNumber(out, static_cast<std::size_t>(head.status));
    out.append(" ");
    out.append(reasonPhrase(head.status));
    out.append("\r\n");
  }
  appendField(out, "Date", head.date);
  if (!head.contentType.empty() && isSendableValue(head.contentType)) {
    appendField(out, "Content-Type", head.contentType);
  }
  if (head.contentLength && mayHaveBody(head.status)) {
    out.append("Content-Length: ");
    appendNumber(out, *head.contentLength);
    out.append("\r\n");
  }
  if (head.chunked) out.append("Transfer-Encoding: chunked\r\n");
  for (const auto& header : head.extra) {
    if (isSendable(header)) appendField(out, header.name, header.value);
  }
  if (head.close) out.append("Connection: close\r\n");
  out.append("\r\n");
}

}  // namespace kes::http

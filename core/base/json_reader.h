#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace kes::base {

// Pulls values out of one JSON text by the rules of Go's encoding/json, which clients were built against:
//
//   * Only the first value is read; what follows it is ignored, unless `doneAtEnd` is asked.
//   * Member names match without regard to case; the last of equal members counts; members nobody reads are
//     checked for syntax and passed over.
//   * `null` is an empty object or array, empty bytes, and leaves strings, numbers and booleans as they were.
//   * Bytes are a string in base64 (padded, standard alphabet, CR and LF ignored) or an array of 0 … 255.
//   * Ill-formed UTF-8 and lone surrogates in strings become U+FFFD.
//   * Nesting deeper than a limit is an error (RFC 8259 §9 leaves it to the parser).
//
// Errors stick: after the first one every call does nothing, loops end, and `done` says false, so the only
// check is the last line:
//
//   JsonReader json(body);              // `body` is decoded in place and must outlive what was read from it
//   ByteSpan plaintext, context;        // views into `body`; wipe them there
//   json.beginObject();
//   while (json.nextMember()) {         // go on until it says false; there is nothing to close
//     if (json.nameIs("plaintext")) {
//       json.readBytes(plaintext);
//     } else if (json.nameIs("context")) {
//       json.readBytes(context);
//     }                                 // any other member is passed over by the next call
//   }
//   if (!json.done()) return Error(ErrorCode::invalidBody);
//
// Arrays likewise: beginArray(); while (nextElement()) readString(name);
// Read each value at most once. Nothing allocates but strings beyond the small-string size.
class JsonReader {
 public:
  static constexpr std::uint32_t kMaxDepth = 64;

  // Of the depth `maxDepth` depends how much stack is needed: about half a kilobyte for each level.
  explicit JsonReader(ByteSpan text, std::uint32_t maxDepth = kMaxDepth) noexcept
      : cursor_(text.data()), end_(text.data() + text.size()), maxDepth_(maxDepth) {}

  // Enters the value at hand, which must be an object (array) or null.
  void beginObject() noexcept { begin('{'); }
  void beginArray() noexcept { begin('['); }
  // Moves to the next member (element); false at the end of the object (array) entered last, and on an error.
  [[nodiscard]] bool nextMember() noexcept;
  [[nodiscard]] bool nextElement() noexcept;

  // Whether the member at hand has this name; `name` in lower-case ASCII. Ask before reading the value.
  [[nodiscard]] bool nameIs(std::string_view name) const noexcept;
  // That name itself, escapes decoded, for objects whose names are data.
  [[nodiscard]] std::string name() const;

  // Whether the value at hand is an object (array), for members that come in several shapes.
  [[nodiscard]] bool isObject() noexcept { return startsWith('{'); }
  [[nodiscard]] bool isArray() noexcept { return startsWith('['); }

  // Read the value at hand. A value of another type is an error.
  void readBytes(ByteSpan& out) noexcept;
  void readString(std::string& out);
  // A string as a view into the text; ill-formed UTF-8 stays as it is.
  void readText(std::string_view& out) noexcept;
  void readInteger(std::int64_t& out) noexcept;  // no fraction, no exponent
  void readBool(bool& out) noexcept;

  // True when the first value was well-formed, of the types asked for, and read to its end.
  [[nodiscard]] bool done() noexcept;
  // The same, and nothing but white space follows it.
  [[nodiscard]] bool doneAtEnd() noexcept;
  // True when the error was nesting beyond the limit.
  [[nodiscard]] bool tooDeep() const noexcept { return tooDeep_; }

 private:
  void begin(char open) noexcept;
  [[nodiscard]] bool advance(char close) noexcept;
  [[nodiscard]] bool startValue() noexcept;
  [[nodiscard]] bool startsWith(char c) noexcept;
  void skipValue() noexcept;
  void readByteArray(ByteSpan& out) noexcept;

  void skipSpace() noexcept;
  [[nodiscard]] bool consume(char c) noexcept;
  [[nodiscard]] bool consumeLiteral(std::string_view literal) noexcept;
  // The inside of the string at the cursor, its syntax checked; empty after an error.
  [[nodiscard]] ByteSpan scanString() noexcept;
  // The number at the cursor, its syntax checked; empty after an error.
  [[nodiscard]] std::string_view scanNumber() noexcept;
  void fail() noexcept;

  std::uint8_t* cursor_;
  std::uint8_t* end_;
  ByteSpan name_;  // of the member at hand, escapes not yet decoded
  std::uint32_t maxDepth_;
  std::uint32_t depth_ = 0;   // objects and arrays entered
  bool pending_ = true;       // the value at the cursor has not been read
  bool first_ = false;        // no member or element of the container entered last was seen yet
  bool nullEntered_ = false;  // the container entered last was null
  bool failed_ = false;
  bool tooDeep_ = false;
};

}  // namespace kes::base

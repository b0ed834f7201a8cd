#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kes::policy {

// One path pattern of a policy. Two lines of KES read patterns differently; this one honours both, and where
// they disagree the stricter reading decides (docs/policies.md has the truth table). Immutable after
// construction; matching neither blocks nor allocates.
class Pattern {
 public:
  explicit Pattern(std::string text);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool allows(std::string_view path) const noexcept;
  [[nodiscard]] bool denies(std::string_view path) const noexcept;
  // True when the two lines of KES read this pattern differently, so that `config check` and start warn about
  // it.
  [[nodiscard]] bool isAmbiguous() const noexcept { return kind_ == Kind::glob || kind_ == Kind::malformed; }
  // True for a glob that path.Match would refuse; it is taken literally.
  [[nodiscard]] bool isMalformed() const noexcept { return kind_ == Kind::malformed; }

 private:
  enum class Kind { empty, literal, prefix, glob, malformed };

  std::string text_;
  Kind kind_;
  std::size_t plain_ = 0;  // of a glob: how many characters stand before the first special one
};

}  // namespace kes::policy

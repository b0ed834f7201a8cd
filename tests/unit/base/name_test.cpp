#include "base/name.h"

#include <gtest/gtest.h>

#include <string>

namespace kes::base {
namespace {

TEST(Name, isOneToEightyCharactersOfTheAlphabet) {
  for (const std::string& name : {std::string("a"), std::string("my-key"), std::string("__"),
                                  std::string("A_9"), std::string(80, 'x')}) {
    EXPECT_TRUE(isValidName(name)) << name;
  }
  for (const std::string& name :
       {std::string(""), std::string("_"), std::string("-"), std::string("-a"), std::string("a-"),
        std::string("a b"), std::string("a/b"), std::string("a.b"), std::string("a*"),
        std::string("\xc3\xa4"), std::string("a\0", 2), std::string(81, 'x')}) {
    EXPECT_FALSE(isValidName(name)) << name;
  }
}

TEST(ListingPattern, mayEndInOneStar) {
  for (const std::string& pattern : {std::string(""), std::string("*"), std::string("abc"),
                                     std::string("abc-*"), std::string("a*"), std::string(79, 'x') + "*"}) {
    EXPECT_TRUE(isValidPattern(pattern)) << pattern;
  }
  for (const std::string& pattern :
       {std::string("_"), std::string("abc-"), std::string("a*b"), std::string("**"), std::string("-a"),
        std::string("a/b*"), std::string(80, 'x') + "*"}) {
    EXPECT_FALSE(isValidPattern(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace kes::base

#pragma once

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/secret.h"

// Test vectors of tests/vectors.

namespace kes::crypto {

inline std::string vectorPath(const std::string& name) {
  return std::string(KES_SOURCE_DIR) + "/tests/vectors/" + name;
}

inline Poco::JSON::Object::Ptr loadVectors(const std::string& name) {
  std::ifstream file(vectorPath(name));
  if (!file) throw std::runtime_error("no vectors " + name);
  return Poco::JSON::Parser().parse(file).extract<Poco::JSON::Object::Ptr>();
}

// The objects in the array `member`; never empty, so that no loop over them passes by doing nothing.
inline std::vector<Poco::JSON::Object::Ptr> objectsIn(const Poco::JSON::Object::Ptr& object,
                                                      const std::string& member) {
  std::vector<Poco::JSON::Object::Ptr> objects;
  const auto array = object->getArray(member);
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    objects.push_back(array->getObject(static_cast<unsigned>(i)));
  }
  if (objects.empty()) throw std::runtime_error("no vectors in " + member);
  return objects;
}

inline std::string textIn(const Poco::JSON::Object::Ptr& object, const std::string& member) {
  return object->getValue<std::string>(member);
}

inline base::Bytes base64In(const Poco::JSON::Object::Ptr& object, const std::string& member) {
  return base::decodeBase64(textIn(object, member)).value();
}

inline base::Bytes hexIn(const Poco::JSON::Object::Ptr& object, const std::string& member) {
  return base::decodeHex(textIn(object, member)).value();
}

}  // namespace kes::crypto

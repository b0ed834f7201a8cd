#include "keystore/keystore.h"

#include "keystore/cached_store.h"
#include "keystore/plugin_store.h"

namespace kes::keystore {

base::Outcome<std::shared_ptr<KeyStore>> KeyStore::open(const StoreSettings& store,
                                                        const CacheSettings& cache) {
  auto opened = openPluginStore(store);
  if (!opened) return std::unexpected(opened.error());
  CachedStore::Settings settings;
  settings.cache = cache;
  settings.workers = {.threads = store.threads, .queue = store.queue};
  return std::make_shared<CachedStore>(std::move(*opened), settings);
}

}  // namespace kes::keystore

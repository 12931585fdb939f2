// Keys of files, as addresses bring them: whatever a stranger asks for by another name than a key is not there, and no
// file outside the store's folder is ever looked at.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "platform/blobs/blobs.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::blobs;

namespace {

/// A folder with one kept file, beside a secret that no key may reach.
class Place {
public:
    Place() {
        std::string made = std::filesystem::temp_directory_path() / "blob-key-fuzz-XXXXXX";
        check(::mkdtemp(made.data()) != nullptr);
        folder_ = made;
        std::ofstream{folder_ / "secret"} << "secret";
        const auto key = store().put(as_bytes("kept"));
        check(key.has_value());
        key_ = *key;
    }
    ~Place() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    FolderStore store() { return {folder_ / "media", random_}; }
    const std::string& key() const { return key_; }

private:
    SeededRandom random_{11};
    std::filesystem::path folder_;
    std::string key_;
};

}  // namespace

FUZZ(input) {
    static Place place;
    const auto asked = as_text(input);
    const auto got = place.store().get(asked);
    check(got.has_value() == (asked == place.key()));
    if (got)
        check(*got == "kept");
    else
        check(got.error().code == "not_found");
    if (is_key(asked))
        check(asked.size() == 32 && asked.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

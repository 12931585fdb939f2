#include "platform/blobs/blobs.hpp"

#include <sys/stat.h>

#include "testing/test.hpp"

namespace confidente::blobs {
namespace {

struct Fixture {
    std::filesystem::path folder = [] {
        std::string name = "/tmp/confidente-blobs-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        return std::filesystem::path{name};
    }();
    SeededRandom random{7};
    FolderStore store{folder / "media", random};
    ~Fixture() { std::filesystem::remove_all(folder); }
};

}  // namespace

TEST("what was put is got back under its key, until it is removed") {
    Fixture f;
    const std::string content{"bytes\0with zeros", 16};
    const auto key = f.store.put(as_bytes(content));
    REQUIRE(key.has_value());
    CHECK(is_key(*key));
    CHECK(f.store.get(*key).value() == content);
    CHECK(f.store.remove(*key).has_value());
    CHECK(f.store.get(*key).error().kind == ErrorKind::not_found);
    CHECK(f.store.remove(*key).has_value());
}

TEST("the same content twice has two keys, and files are their owner's alone") {
    Fixture f;
    const auto first = f.store.put(as_bytes("same")).value(), second = f.store.put(as_bytes("same")).value();
    CHECK(first != second);
    struct stat info {};
    REQUIRE(::stat((f.folder / "media" / first.substr(0, 2) / first).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
}

TEST("keys that are paths lead nowhere") {
    Fixture f;
    for (const char* key : {"", "..", "../../../../etc/passwd", "0123456789abcdef0123456789abcde/", "/etc/passwd",
                            "0123456789ABCDEF0123456789ABCDEF"})
        CHECK(f.store.get(key).error().kind == ErrorKind::not_found);
}

TEST("a folder that cannot be made is told, and leaves nothing behind") {
    Fixture f;
    FolderStore nowhere{"/proc/no-such-place", f.random};
    CHECK(nowhere.put(as_bytes("x")).error().code == "storage_failed");
}

}  // namespace confidente::blobs

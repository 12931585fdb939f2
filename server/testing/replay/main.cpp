// Replays the corpus of a fuzz target, then mutates it for a moment: what `./dev test` runs, with the compiler that it
// has anyway. Blind mutation finds little that libFuzzer has not found before, but it tries each build, and it needs
// no second compiler.
//
//   x_fuzz <folder or file>... [--seed=N] [--seconds=N]
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"
#include "platform/base/random.hpp"

/// Freed memory that AddressSanitizer keeps counts as resident: a little is enough.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=64"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace confidente {
namespace {

constexpr std::size_t kMaxInput = 64 * 1024;  // bytes of a mutated input
constexpr std::size_t kMaxReported = 4096;    // bytes of a bad input that go to the terminal
constexpr long kMaxResident = 512 * 1024;     // KiB
constexpr unsigned kMutations = 4;            // at most, one after the other

const Buffer* running = nullptr;

/// Says which input it was: the sanitizers and check() end in a signal or an exit.
void report() {
    if (!running) return;
    const std::string hex = to_hex(Bytes{*running}.first(std::min(running->size(), kMaxReported)));
    std::fprintf(stderr, "\nthe input, %zu bytes: %s\n", running->size(), hex.c_str());
}
void aborted(int) {
    report();
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
}

void run(const Buffer& input) {
    running = &input;
    // A copy of just this size, so that AddressSanitizer sees a read beyond its end.
    const std::unique_ptr<std::uint8_t[]> exact{new std::uint8_t[input.size()]};
    std::copy(input.begin(), input.end(), exact.get());
    LLVMFuzzerTestOneInput(exact.get(), input.size());
    running = nullptr;
}

std::vector<Buffer> read_corpus(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator{path}) files.push_back(entry.path());
        std::ranges::sort(files);
    } else {
        files.push_back(path);
    }
    std::vector<Buffer> inputs;
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        inputs.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
    }
    return inputs;
}

void mutate(Buffer& input, const std::vector<Buffer>& corpus, Random& random) {
    constexpr std::uint8_t kOdd[] = {0, 1, 0x7F, 0x80, 0xFF, '\r', '\n', ' ', '"', ':', '/', '%'};
    const auto at = static_cast<std::ptrdiff_t>(random.below(input.size() + 1));
    const auto length = static_cast<std::ptrdiff_t>(random.below(1 + std::min<std::size_t>(input.size() - at, 32)));
    const auto place = input.begin() + at;
    switch (random.below(7)) {
        case 0:
            if (place != input.end()) *place = static_cast<std::uint8_t>(*place ^ 1U << random.below(8));
            break;
        case 1:
            if (place != input.end()) *place = kOdd[random.below(std::size(kOdd))];
            break;
        case 2:
            if (place != input.end()) *place = static_cast<std::uint8_t>(random.u64());
            break;
        case 3:
            input.erase(place, place + length);
            break;
        case 4:
            input.insert(place, kOdd[random.below(std::size(kOdd))]);
            break;
        case 5: {  // repeats a piece
            const Buffer piece(place, place + length);
            input.insert(input.begin() + at, piece.begin(), piece.end());
            break;
        }
        default: {  // goes on as another input does
            const Buffer& other = corpus[random.below(corpus.size())];
            const auto from = static_cast<std::ptrdiff_t>(random.below(other.size() + 1));
            input.erase(place, input.end());
            input.insert(input.end(), other.begin() + from, other.end());
        }
    }
    if (input.size() > kMaxInput) input.resize(kMaxInput);
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

unsigned option(std::string_view argument, std::string_view name, unsigned fallback) {
    if (!argument.starts_with(name)) return fallback;
    argument.remove_prefix(name.size());
    std::from_chars(argument.data(), argument.data() + argument.size(), fallback);
    return fallback;
}

int replay(int count, char** arguments) {
    unsigned seed = 1, seconds = 1;
    std::vector<Buffer> corpus;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument{arguments[i]};
        seed = option(argument, "--seed=", seed);
        seconds = option(argument, "--seconds=", seconds);
        if (!argument.starts_with("--")) std::ranges::move(read_corpus(argument), std::back_inserter(corpus));
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "there is no corpus\n");
        return 1;
    }
    std::signal(SIGABRT, aborted);
    std::atexit(report);
    run({});
    for (const Buffer& input : corpus) run(input);
    SeededRandom random{seed};
    std::size_t runs = 0;
    for (const double end = processor_seconds() + seconds; processor_seconds() < end; ++runs) {
        Buffer input = corpus[random.below(corpus.size())];
        for (auto left = 1 + random.below(kMutations); left > 0; --left) mutate(input, corpus, random);
        run(input);
    }
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::printf("%zu inputs replayed, %zu mutations, %ld MiB at most\n", corpus.size(), runs, used.ru_maxrss / 1024);
    check(used.ru_maxrss < kMaxResident);
    return 0;
}

}  // namespace
}  // namespace confidente

int main(int count, char** arguments) { return confidente::replay(count, arguments); }

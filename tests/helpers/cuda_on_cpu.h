// Run CUDA kernels on the CPU, for tests without a GPU: the words of CUDA that kernels/csrc/*.cuh use.
//
// The threads of a block are fibers. They run one after another, each until __syncthreads(), in ascending or in
// descending order; so do the blocks. A kernel that lacks a barrier between a write to shared memory and a read by
// another thread gives different results in the two orders. As on a GPU, shared memory is not cleared.
#pragma GCC optimize("no-associative-math")  // nvcc keeps the order of operations, with --use_fast_math too
#include <ucontext.h>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define LAUNCH(kernel, blocks, threads, ...) cuda_on_cpu::launch([&] { kernel(__VA_ARGS__); }, blocks, threads)
#define MOST_BLOCKS 7

namespace {
struct Place { unsigned x; };
Place threadIdx, blockIdx, blockDim, gridDim;
}

namespace cuda_on_cpu {
namespace {
const unsigned MOST_THREADS = 1024;
const size_t STACK = 32768, GUARD = 4096;  // bytes; numbers
struct Thread {
    ucontext_t context;
    std::vector<char> stack;
    bool is_done;
};

std::vector<Thread> threads(MOST_THREADS);
ucontext_t scheduler;
const std::function<void()>* body;

void run_body() {
    (*body)();
    threads[threadIdx.x].is_done = true;
}

void start(Thread& thread) {
    thread.stack.resize(STACK);
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.data();
    thread.context.uc_stack.ss_size = STACK;
    thread.context.uc_link = &scheduler;
    makecontext(&thread.context, run_body, 0);
    thread.is_done = false;
}

unsigned ordered(unsigned i, unsigned count) {
    return std::getenv("CUDA_ON_CPU_DESCENDING") ? count - 1 - i : i;
}

void run_block(unsigned num_threads) {
    for (unsigned i = 0; i < num_threads; i++) start(threads[i]);
    for (unsigned done = 0; done < num_threads;) {
        unsigned waiting = 0;
        done = 0;
        for (unsigned i = 0; i < num_threads; i++) {
            threadIdx.x = ordered(i, num_threads);
            Thread& thread = threads[threadIdx.x];
            if (!thread.is_done) swapcontext(&scheduler, &thread.context);
            (thread.is_done ? done : waiting)++;
        }
        if (done && waiting) throw std::runtime_error("some threads of a block wait for others that have ended");
    }
}

void launch(const std::function<void()>& kernel, int64_t blocks, int64_t num_threads) {
    if (blocks < 1 || blocks > 0x7FFFFFFF || num_threads < 1 || num_threads > MOST_THREADS)
        throw std::runtime_error("CUDA has no such grid");
    body = &kernel;
    gridDim.x = blocks;
    blockDim.x = num_threads;
    for (unsigned i = 0; i < blocks; i++) {
        blockIdx.x = ordered(i, blocks);
        run_block(num_threads);
    }
}

// A copy of an operator's array between guards of NaN. A read beside the array shows up as NaN in the result. A write
// beside the array, or to an input, is an error. An output is NaN until it is written.
template <class Pointer>
struct Guarded {
    using Number = typename std::remove_reference<decltype(*std::declval<Pointer>())>::type;
    Pointer& place;
    Number* const array;
    const size_t size;
    const bool is_input;
    std::vector<Number> room;

    Guarded(Pointer& place, size_t size, bool is_input)
        : place(place), array(place), size(size), is_input(is_input), room(size + 2 * GUARD) {
        std::memset(room.data(), 0xFF, room.size() * sizeof(Number));
        if (is_input) std::memcpy(room.data() + GUARD, array, size * sizeof(Number));
        place = room.data() + GUARD;
    }

    void check() {
        const size_t guard = GUARD * sizeof(Number), used = size * sizeof(Number);
        const std::vector<char> blank(guard, (char)0xFF);
        const char* bytes = (const char*)room.data();
        if (std::memcmp(bytes, blank.data(), guard) || std::memcmp(bytes + guard + used, blank.data(), guard))
            throw std::runtime_error("a kernel wrote beside an array");
        if (is_input && std::memcmp(bytes + guard, array, used))
            throw std::runtime_error("a kernel wrote to an input");
        if (!is_input) std::memcpy(array, bytes + guard, used);
    }
};
}
}

inline void __syncthreads() {
    swapcontext(&cuda_on_cpu::threads[threadIdx.x].context, &cuda_on_cpu::scheduler);
}

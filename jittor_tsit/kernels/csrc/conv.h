// Convolutions by oneDNN of images in its blocked layout (blocks.h), and their gradients.
//
// Several convolutions of one image are computed as one convolution, whose weight is their weights one after another.
#pragma once
#include <dnnl.hpp>
#include "blocks.h"

namespace {
using Tag = dnnl::memory::format_tag;
using Description = dnnl::memory::desc;
using Memories = std::vector<dnnl::memory>;

inline Description describe(std::vector<int64_t> shape, Tag layout) {
    return Description(shape, dnnl::memory::data_type::f32, layout);
}

// The description that `make` returns for these layouts or, if oneDNN has only its slow reference code for them, for
// layouts that oneDNN chooses.
template <class Make>
inline auto choose(Make make, const Description& x, const Description& y) {
    auto description = make(x, y);
    if (std::strncmp(description.impl_info_str(), "ref", 3) == 0)
        description = make(describe(x.dims(), Tag::any), describe(y.dims(), Tag::any));
    return description;
}

// The array in another layout, or the array itself if it has that layout.
inline dnnl::memory in_layout(const dnnl::memory& array, const Description& layout, dnnl::stream& stream) {
    if (array.get_desc() == layout) return array;
    dnnl::memory ordered(layout, array.get_engine());
    dnnl::reorder(array, ordered).execute(stream, const_cast<dnnl::memory&>(array), ordered);
    return ordered;
}

// Memory for a result in this layout: `target` itself if it has that layout.
inline dnnl::memory memory_like(const dnnl::memory& target, const Description& layout) {
    return target.get_desc() == layout ? target : dnnl::memory(layout, target.get_engine());
}

// Write a result to its target, if it is not there already.
inline void store(dnnl::memory& result, dnnl::memory& target, dnnl::stream& stream) {
    if (result.get_desc() != target.get_desc()) dnnl::reorder(result, target).execute(stream, result, target);
}

// The place of weight i in the joint weight.
inline dnnl::memory slice(dnnl::memory& joint, size_t i, const Memories& weights) {
    const auto shape = weights[i].get_desc().dims();
    const auto description = joint.get_desc().submemory_desc(shape, {(int64_t)i * shape[0], 0, 0, 0});
    return dnnl::memory(description, joint.get_engine(), joint.get_data_handle());
}

inline dnnl::memory join(Memories& weights, const Description& layout, dnnl::stream& stream) {
    if (weights.size() == 1) return in_layout(weights[0], layout, stream);
    dnnl::memory joint(layout, weights[0].get_engine());
    for (size_t i = 0; i < weights.size(); i++) {
        auto place = slice(joint, i, weights);
        dnnl::reorder(weights[i], place).execute(stream, weights[i], place);
    }
    return joint;
}

inline void split(dnnl::memory& joint, Memories& weights, dnnl::stream& stream) {
    if (weights.size() == 1) return store(joint, weights[0], stream);
    for (size_t i = 0; i < weights.size(); i++) {
        auto place = slice(joint, i, weights);
        dnnl::reorder(place, weights[i]).execute(stream, place, weights[i]);
    }
}

// Stride, padding and arrays of a convolution as oneDNN sees them.
struct Convolution {
    dnnl::engine& engine;
    dnnl::stream stream;
    std::vector<int64_t> stride, padding, shape;  // shape of the joint weight
    Description x_layout, y_layout, any_weight;   // oneDNN chooses the layout of the weight
    dnnl::memory x, y;
    Memories weights;

    template <class X, class Y, class Weight>
    Convolution(X x_array, Y y_array, const std::vector<Weight>& arrays, const Numbers& numbers)
        : engine(cpu()),
          stream(engine),
          stride{(int64_t)numbers.at("stride_h"), (int64_t)numbers.at("stride_w")},
          padding{(int64_t)numbers.at("padding_h"), (int64_t)numbers.at("padding_w")},
          shape(arrays[0].shape, arrays[0].shape + 4) {
        const auto part = describe(shape, Tag::abcd);
        for (const auto& array : arrays) weights.emplace_back(part, engine, (void*)array.values);
        shape[0] *= arrays.size();
        const Tag blocked = K == 16 ? Tag::aBcd16b : Tag::aBcd8b;
        x_layout = describe({x_array.shape[0], shape[1], x_array.shape[2], x_array.shape[3]}, blocked);
        y_layout = describe({y_array.shape[0], shape[0], y_array.shape[2], y_array.shape[3]}, blocked);
        any_weight = describe(shape, Tag::any);
        x = dnnl::memory(x_layout, engine, (void*)x_array.values);
        y = dnnl::memory(y_layout, engine, (void*)y_array.values);
    }

    static dnnl::engine& cpu() {
        static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
        return engine;
    }

    dnnl::convolution_forward::primitive_desc forward(const Description& x, const Description& y) const {
        return {
            {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, x, any_weight, y, stride, padding,
             padding},
            engine
        };
    }

    dnnl::convolution_forward::primitive_desc forward_with_bias(const Description& x, const Description& y) const {
        return {
            {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, x, any_weight,
             describe({shape[0]}, Tag::a), y, stride, padding, padding},
            engine
        };
    }
};

// x [N, B, H, W, K], weights [D, C, h, w], bias [all D] or absent -> y
template <class Bias>
inline void conv_forward(
    Array<const float> x, const std::vector<Array<const float>>& weights, Bias bias, Array<float> y,
    const Numbers& numbers
) {
    Convolution conv(x, y, weights, numbers);
    const auto chosen = choose(
        [&](const Description& x, const Description& y) {
            return Bias::exists ? conv.forward_with_bias(x, y) : conv.forward(x, y);
        },
        conv.x_layout, conv.y_layout
    );
    auto from = in_layout(conv.x, chosen.src_desc(), conv.stream);
    auto weight = join(conv.weights, chosen.weights_desc(), conv.stream);
    auto result = memory_like(conv.y, chosen.dst_desc());
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, result}
    };
    if (Bias::exists)
        arguments[DNNL_ARG_BIAS] = dnnl::memory(describe({conv.shape[0]}, Tag::a), conv.engine, (void*)bias.values);
    dnnl::convolution_forward(chosen).execute(conv.stream, arguments);
    store(result, conv.y, conv.stream);
}

// Gradient by x, from the weights and the gradient by y.
inline void conv_input_gradient(
    const std::vector<Array<const float>>& weights, Array<const float> by_y, Array<float> by_x, const Numbers& numbers
) {
    Convolution conv(by_x, by_y, weights, numbers);
    const auto chosen = choose(
        [&](const Description& x, const Description& y) {
            return dnnl::convolution_backward_data::primitive_desc(
                {dnnl::algorithm::convolution_direct, x, conv.any_weight, y, conv.stride, conv.padding, conv.padding},
                conv.engine, conv.forward(x, y)
            );
        },
        conv.x_layout, conv.y_layout
    );
    auto from = in_layout(conv.y, chosen.diff_dst_desc(), conv.stream);
    auto weight = join(conv.weights, chosen.weights_desc(), conv.stream);
    auto result = memory_like(conv.x, chosen.diff_src_desc());
    dnnl::convolution_backward_data(chosen).execute(
        conv.stream, {{DNNL_ARG_DIFF_DST, from}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DIFF_SRC, result}}
    );
    store(result, conv.x, conv.stream);
}

// Gradients by the weights, from x and the gradient by y.
inline void conv_weight_gradients(
    Array<const float> x, Array<const float> by_y, const std::vector<Array<float>>& by_weights, const Numbers& numbers
) {
    Convolution conv(x, by_y, by_weights, numbers);
    const auto chosen = choose(
        [&](const Description& x, const Description& y) {
            return dnnl::convolution_backward_weights::primitive_desc(
                {dnnl::algorithm::convolution_direct, x, conv.any_weight, y, conv.stride, conv.padding, conv.padding},
                conv.engine, conv.forward(x, y)
            );
        },
        conv.x_layout, conv.y_layout
    );
    auto from = in_layout(conv.x, chosen.src_desc(), conv.stream);
    auto by = in_layout(conv.y, chosen.diff_dst_desc(), conv.stream);
    auto result = conv.weights.size() == 1 ? memory_like(conv.weights[0], chosen.diff_weights_desc())
                                           : dnnl::memory(chosen.diff_weights_desc(), conv.engine);
    dnnl::convolution_backward_weights(chosen).execute(
        conv.stream, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DIFF_DST, by}, {DNNL_ARG_DIFF_WEIGHTS, result}}
    );
    split(result, conv.weights, conv.stream);
}
}

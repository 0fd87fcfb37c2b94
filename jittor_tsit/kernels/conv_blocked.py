"""Convolutions by oneDNN on images in its own layout.

oneDNN computes on blocks of channels: a block's values of one pixel stand side by side. Jittor's operators let it
reorder all that they are given, and what they give, at every call, in part by a slow way: a third of the time that it
computes in a training step. Here an image is reordered once for all that read it, and the gradient of a result once
for both of its uses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Dict, List, Sequence, Tuple

import jittor as jt

from jittor_tsit.kernels.conv_geometry import Geometry
from jittor_tsit.kernels.cpu import BLOCK
from jittor_tsit.runtime.bootstrap import onednn_path

_LOOPS = """
    const int64_t N = {plain}_shape0, C = {plain}_shape1, H = {plain}_shape2, W = {plain}_shape3, B = {packed}_shape1;
    #pragma omp parallel for collapse(3)
    for (int64_t n = 0; n < N; n++)
    for (int64_t b = 0; b < B; b++)
    for (int64_t h = 0; h < H; h++) {{
        const int64_t channels = std::min<int64_t>({block}, C - b * {block});
        auto* packed = {packed}_p + ((n * B + b) * H + h) * W * {block};
        auto* plain = {plain}_p + ((n * C + b * {block}) * H + h) * W;
        {body}
    }}
"""
_PACK = """
        if (channels < {block}) std::fill(packed, packed + W * {block}, 0.0f);
        if (channels == {block}) {{  // its number of rounds known, the compiler writes vectors
            for (int64_t w = 0; w < W; w++)
                for (int64_t c = 0; c < {block}; c++) packed[w * {block} + c] = plain[c * H * W + w];
        }} else {{
            for (int64_t w = 0; w < W; w++)
                for (int64_t c = 0; c < channels; c++) packed[w * {block} + c] = plain[c * H * W + w];
        }}
"""
_UNPACK = """
        for (int64_t c = 0; c < channels; c++)
            for (int64_t w = 0; w < W; w++) plain[c * H * W + w] = packed[w * {block} + c];
"""

_HEADER = """
#include <dnnl.hpp>
#include <cstring>
#include <unordered_map>
#include <vector>
namespace {
using tag = dnnl::memory::format_tag;
using Form = dnnl::memory::desc;

Form form(std::vector<int64_t> shape, tag layout) { return Form(shape, dnnl::memory::data_type::f32, layout); }

// What `make` gives for these layouts, or, where oneDNN has only its plain loops for them, for those that it chooses.
template <class Make>
auto fast(Make make, const Form& x, const Form& y) {
    auto description = make(x, y);
    if (std::strncmp(description.impl_info_str(), "ref", 3) == 0)
        description = make(form(x.dims(), tag::any), form(y.dims(), tag::any));
    return description;
}

// `given` in another layout; itself if it has that one.
dnnl::memory in_layout(const dnnl::memory& given, const Form& wanted, dnnl::stream& stream) {
    if (given.get_desc() == wanted) return given;
    dnnl::memory ordered(wanted, given.get_engine());
    dnnl::reorder(given, ordered).execute(stream, const_cast<dnnl::memory&>(given), ordered);
    return ordered;
}

// Where to write what is wanted in `target`: itself if it has that layout.
dnnl::memory room(const dnnl::memory& target, const Form& written) {
    return target.get_desc() == written ? target : dnnl::memory(written, target.get_engine());
}

void deliver(dnnl::memory& written, dnnl::memory& target, dnnl::stream& stream) {
    if (written.get_desc() != target.get_desc()) dnnl::reorder(written, target).execute(stream, written, target);
}

using Parts = std::vector<dnnl::memory>;  // weights of convolutions of one image, which are computed as one

// Where in the weight of that one the i-th stands: the channels of the results follow each other.
dnnl::memory place_of(size_t i, const Parts& parts, dnnl::memory& whole) {
    const auto shape = parts[i].get_desc().dims();
    const auto form = whole.get_desc().submemory_desc(shape, {(int64_t)i * shape[0], 0, 0, 0});
    return dnnl::memory(form, whole.get_engine(), whole.get_data_handle());
}

dnnl::memory together(Parts& parts, const Form& wanted, dnnl::stream& stream) {
    if (parts.size() == 1) return in_layout(parts[0], wanted, stream);
    dnnl::memory whole(wanted, parts[0].get_engine());
    for (size_t i = 0; i < parts.size(); i++) {
        auto place = place_of(i, parts, whole);
        dnnl::reorder(parts[i], place).execute(stream, parts[i], place);
    }
    return whole;
}

void apart(dnnl::memory& whole, Parts& parts, dnnl::stream& stream) {
    if (parts.size() == 1) return deliver(whole, parts[0], stream);
    for (size_t i = 0; i < parts.size(); i++) {
        auto place = place_of(i, parts, whole);
        dnnl::reorder(place, parts[i]).execute(stream, place, parts[i]);
    }
}
}
"""

_CONVOLUTION = """
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    const std::vector<int64_t> part = {{{w}_shape0, {w}_shape1, {w}_shape2, {w}_shape3}};
    const std::vector<float*> weights = {{{weights}}};
    const std::vector<int64_t> shape = {{part[0] * (int64_t)weights.size(), part[1], part[2], part[3]}};
    const std::vector<int64_t> stride = {{(int64_t)data["stride_h"], (int64_t)data["stride_w"]}};
    const std::vector<int64_t> padding = {{(int64_t)data["padding_h"], (int64_t)data["padding_w"]}};
    const auto x_form = form({{{x}_shape0, shape[1], {x}_shape2, {x}_shape3}}, tag::aBcd{block}b);
    const auto y_form = form({{{y}_shape0, shape[0], {y}_shape2, {y}_shape3}}, tag::aBcd{block}b);
    const auto w_any = form(shape, tag::any);  // oneDNN chooses the weight's layout
    dnnl::memory x(x_form, engine, {x}_p), y(y_form, engine, {y}_p);
    Parts w;
    for (float* values : weights) w.emplace_back(form(part, tag::abcd), engine, values);
    const auto kind = dnnl::algorithm::convolution_direct;
    const auto forward_of = [&](const Form& x, const Form& y) {{
        return dnnl::convolution_forward::primitive_desc(
            {{dnnl::prop_kind::forward_training, kind, x, w_any, {bias}y, stride, padding, padding}}, engine);
    }};
"""
_FORWARD = """
    const auto chosen = fast(forward_of, x_form, y_form);
    auto from = in_layout(x, chosen.src_desc(), stream), by = together(w, chosen.weights_desc(), stream);
    auto result = room(y, chosen.dst_desc());
    dnnl::convolution_forward(chosen).execute(
        stream, {{{{DNNL_ARG_SRC, from}}, {{DNNL_ARG_WEIGHTS, by}}, {{DNNL_ARG_DST, result}}{add_bias}}});
    deliver(result, y, stream);
"""
_BY_INPUT = """
    const auto chosen = fast([&](const Form& x, const Form& y) {{
        return dnnl::convolution_backward_data::primitive_desc(
            {{kind, x, w_any, y, stride, padding, padding}}, engine, forward_of(x, y));
    }}, x_form, y_form);
    auto from = in_layout(y, chosen.diff_dst_desc(), stream), by = together(w, chosen.weights_desc(), stream);
    auto result = room(x, chosen.diff_src_desc());
    dnnl::convolution_backward_data(chosen).execute(
        stream, {{{{DNNL_ARG_DIFF_DST, from}}, {{DNNL_ARG_WEIGHTS, by}}, {{DNNL_ARG_DIFF_SRC, result}}}});
    deliver(result, x, stream);
"""
_BY_WEIGHT = """
    const auto chosen = fast([&](const Form& x, const Form& y) {{
        return dnnl::convolution_backward_weights::primitive_desc(
            {{kind, x, w_any, y, stride, padding, padding}}, engine, forward_of(x, y));
    }}, x_form, y_form);
    auto from = in_layout(x, chosen.src_desc(), stream), by = in_layout(y, chosen.diff_dst_desc(), stream);
    auto result = w.size() == 1 ? room(w[0], chosen.diff_weights_desc())
                                : dnnl::memory(chosen.diff_weights_desc(), engine);
    dnnl::convolution_backward_weights(chosen).execute(
        stream, {{{{DNNL_ARG_SRC, from}}, {{DNNL_ARG_DIFF_DST, by}}, {{DNNL_ARG_DIFF_WEIGHTS, result}}}});
    apart(result, w, stream);
"""


def pack(x: jt.Var) -> jt.Var:
    """[N, C, H, W] float32 -> [N, C / BLOCK, H, W, BLOCK], rounded up by channels of 0"""
    n, c, h, w = x.shape
    source = _LOOPS.format(plain="in0", packed="out", block=BLOCK, body=_PACK.format(block=BLOCK))
    return jt.code([n, _blocks(c), h, w, BLOCK], "float32", [x], cpu_header="#include <algorithm>\n", cpu_src=source)


def unpack(x: jt.Var, channels: int) -> jt.Var:
    """[N, channels / BLOCK, H, W, BLOCK] -> [N, channels, H, W]"""
    n, _, h, w, _ = x.shape
    source = _LOOPS.format(plain="out", packed="in0", block=BLOCK, body=_UNPACK.format(block=BLOCK))
    return jt.code([n, channels, h, w], "float32", [x], cpu_header="#include <algorithm>\n", cpu_src=source)


def forward(x: jt.Var, weight: jt.Var, *bias: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolution. x [N, C / BLOCK, H, W, BLOCK], weight [D, C, h, w], bias [D] -> [N, D / BLOCK, H', W', BLOCK]"""
    return forward_of_all(x, [weight], *bias, geometry=geometry)


def by_input(weight: jt.Var, y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by an x of this height and width, y being that of the result."""
    return by_input_of_all([weight], y, size, geometry)


def by_weight(x: jt.Var, y: jt.Var, shape: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by a weight of this shape, y being that of the result."""
    return by_weights(x, y, [shape], geometry)[0]


def forward_of_all(x: jt.Var, weights: Sequence[jt.Var], *bias: jt.Var, geometry: Geometry) -> jt.Var:
    """Convolutions of one image, computed as one: it is read once, and there is more to do with what is read.

    Shapes:
        x [N, C / BLOCK, H, W, BLOCK], weights [D, C, h, w], bias [number of them * D]
        -> [N, number of them * D / BLOCK, H', W', BLOCK]; C and D are multiples of BLOCK where there are several
    """
    size, names = geometry.output_size(x.shape[2:4], weights[0].shape[2:]), _names("in", 1, len(weights))
    shape = [x.shape[0], len(weights) * _blocks(weights[0].shape[0]), *size, BLOCK]
    bias_name = f"in{1 + len(weights)}" if bias else ""
    return _convolution([shape], [x, *weights, *bias], geometry, _FORWARD, "in0", names, "out0", bias_name)[0]


def by_input_of_all(weights: Sequence[jt.Var], y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Their gradient by an x of this height and width, y being that of the result."""
    shape, names = [y.shape[0], _blocks(weights[0].shape[1]), *size, BLOCK], _names("in", 1, len(weights))
    return _convolution([shape], [y, *weights], geometry, _BY_INPUT, "out0", names, "in0")[0]


def by_weights(x: jt.Var, y: jt.Var, shapes: Sequence[Sequence[int]], geometry: Geometry) -> List[jt.Var]:
    """Their gradients by weights of these shapes, all the same, y being that of the result."""
    return _convolution(
        list(map(list, shapes)), [x, y], geometry, _BY_WEIGHT, "in0", _names("out", 0, len(shapes)), "in1"
    )


def _names(kind: str, first: int, count: int) -> Tuple[str, ...]:
    """What `jt.code` calls so many arrays."""
    return tuple(f"{kind}{k}" for k in range(first, first + count))


def _convolution(shapes, inputs, geometry: Geometry, *operator) -> List[jt.Var]:
    """Arrays of these shapes, as an `_operator` makes them."""
    source, options = _operator(*operator)
    types = ["float32"] * len(shapes)
    with jt.flag_scope(compile_options=options):
        return list(jt.code(shapes, types, inputs, cpu_header=_HEADER, cpu_src=source, data=geometry.numbers()))


@lru_cache(maxsize=None)  # a handful, asked for hundreds of times in a step
def _operator(body: str, x: str, weights: Tuple[str, ...], y: str, bias: str = "") -> Tuple[str, Dict[str, int]]:
    """C++ and the compiler's options, for arrays of these names."""
    source = (_CONVOLUTION + body).format(
        block=BLOCK,
        x=x,
        y=y,
        w=weights[0],
        weights=", ".join(f"{name}_p" for name in weights),
        bias="form({shape[0]}, tag::a), " if bias else "",
        add_bias=f", {{DNNL_ARG_BIAS, dnnl::memory(form({{shape[0]}}, tag::a), engine, {bias}_p)}}" if bias else "",
    )
    return source, {f'FLAGS: -I"{onednn_path()}/include" ': 1}


def _blocks(channels: int) -> int:
    return -(-channels // BLOCK)

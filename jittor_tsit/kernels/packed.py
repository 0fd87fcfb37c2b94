"""Convolutions by oneDNN on images in its own layout.

oneDNN computes on blocks of channels: a block's values of one pixel stand side by side. Jittor's operators let it
reorder all that they are given, and what they give, at every call, in part by a slow way: a third of the time that it
computes in a training step. Here an image is reordered once for all that read it, and the gradient of a result once
for both of its uses.
"""

from __future__ import annotations

from typing import Sequence

import jittor as jt

from jittor_tsit.bootstrap import onednn_path
from jittor_tsit.kernels.geometry import Geometry
from jittor_tsit.kernels.vectors import BLOCK

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
}
"""

_CONVOLUTION = """
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    const std::vector<int64_t> shape = {{{w}_shape0, {w}_shape1, {w}_shape2, {w}_shape3}};
    const std::vector<int64_t> stride = {{(int64_t)data["stride_h"], (int64_t)data["stride_w"]}};
    const std::vector<int64_t> padding = {{(int64_t)data["padding_h"], (int64_t)data["padding_w"]}};
    const auto x_form = form({{{x}_shape0, shape[1], {x}_shape2, {x}_shape3}}, tag::aBcd{block}b);
    const auto y_form = form({{{y}_shape0, shape[0], {y}_shape2, {y}_shape3}}, tag::aBcd{block}b);
    const auto w_form = form(shape, tag::abcd), w_any = form(shape, tag::any);  // oneDNN chooses the weight's layout
    dnnl::memory x(x_form, engine, {x}_p), w(w_form, engine, {w}_p), y(y_form, engine, {y}_p);
    const auto kind = dnnl::algorithm::convolution_direct;
    const auto forward_of = [&](const Form& x, const Form& y) {{
        return dnnl::convolution_forward::primitive_desc(
            {{dnnl::prop_kind::forward_training, kind, x, w_any, {bias}y, stride, padding, padding}}, engine);
    }};
"""
_FORWARD = """
    const auto chosen = fast(forward_of, x_form, y_form);
    auto from = in_layout(x, chosen.src_desc(), stream), by = in_layout(w, chosen.weights_desc(), stream);
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
    auto from = in_layout(y, chosen.diff_dst_desc(), stream), by = in_layout(w, chosen.weights_desc(), stream);
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
    auto result = room(w, chosen.diff_weights_desc());
    dnnl::convolution_backward_weights(chosen).execute(
        stream, {{{{DNNL_ARG_SRC, from}}, {{DNNL_ARG_DIFF_DST, by}}, {{DNNL_ARG_DIFF_WEIGHTS, result}}}});
    deliver(result, w, stream);
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
    shape = [x.shape[0], _blocks(weight.shape[0]), *geometry.output_size(x.shape[2:4], weight.shape[2:]), BLOCK]
    return _convolution(shape, [x, weight, *bias], geometry, _FORWARD, x="in0", w="in1", y="out")


def by_input(weight: jt.Var, y: jt.Var, size: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by an x of this height and width, y being that of the result."""
    shape = [y.shape[0], _blocks(weight.shape[1]), *size, BLOCK]
    return _convolution(shape, [weight, y], geometry, _BY_INPUT, x="out", w="in0", y="in1")


def by_weight(x: jt.Var, y: jt.Var, shape: Sequence[int], geometry: Geometry) -> jt.Var:
    """Its gradient by a weight of this shape, y being that of the result."""
    return _convolution(list(shape), [x, y], geometry, _BY_WEIGHT, x="in0", w="out", y="in1")


def _convolution(shape, inputs, geometry: Geometry, body: str, **names: str) -> jt.Var:
    has_bias = len(inputs) > 2
    names["bias"] = "form({shape[0]}, tag::a), " if has_bias else ""
    names["add_bias"] = ", {DNNL_ARG_BIAS, dnnl::memory(form({shape[0]}, tag::a), engine, in2_p)}" if has_bias else ""
    source = (_CONVOLUTION + body).format(block=BLOCK, **names)
    with jt.flag_scope(compile_options={f'FLAGS: -I"{onednn_path()}/include" ': 1}):
        return jt.code(shape, "float32", inputs, cpu_header=_HEADER, cpu_src=source, data=geometry.numbers())


def _blocks(channels: int) -> int:
    return -(-channels // BLOCK)

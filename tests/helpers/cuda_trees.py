"""Make installations of CUDA out of empty files, with an nvcc that answers and the headers that are parsed."""

NVCC = """#!/bin/sh
echo '#$ TOP={top}/bin/..'
echo '#$ gcc -D__CUDACC_VER_MAJOR__={major} -D__CUDACC_VER_MINOR__={minor}'
echo "given: $*"
"""
PARTS = {  # headers of each library besides the CUDA runtime and cuDNN
    "cublas": ("cublas.h", "cublas_v2.h"),
    "curand": ("curand.h",),
    "cufft": ("cufft.h", "cufftXt.h"),
    "cusparse": ("cusparse.h",),
}
OLD_CUB = "cub/iterator/counting_input_iterator.cuh"
OLD_CUDNN = ("cudnn_ops_infer", "cudnn_ops_train", "cudnn_cnn_infer", "cudnn_cnn_train")


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def make_nvcc(top, version):
    nvcc = write(top / "bin/nvcc", NVCC.format(top=top, major=version[0], minor=version[1]))
    nvcc.chmod(0o755)
    return str(nvcc)


def make_libraries(include, lib, cuda_major, plain=True):
    for name, headers in PARTS.items():
        for header in headers:
            write(include / header)
        make_library(lib, name, cuda_major, plain)


def make_library(lib, name, number, plain=True):
    write(lib / f"lib{name}.so.{number}")
    if plain:
        (lib / f"lib{name}.so").symlink_to(f"lib{name}.so.{number}")


def make_cudnn(include, lib, version, plain=True):
    write(include / "cudnn.h", "typedef enum { CUDNN_STATUS_NOT_SUPPORTED = 3000 } cudnnStatus_t;\n")
    names = zip(("MAJOR", "MINOR", "PATCHLEVEL"), version)
    write(include / "cudnn_version.h", "".join(f"#define CUDNN_{name} {number}\n" for name, number in names))
    for name in ("cudnn", "cudnn_ops", "cudnn_cnn") if version[0] >= 9 else ("cudnn", *OLD_CUDNN):
        make_library(lib, name, version[0], plain)


def make_runtime(top, version):
    """Make nvcc, the CUDA runtime and CUB, as a toolkit of that version contains them, and return nvcc."""
    is_new = version[0] >= 13
    write(top / "include/cuda_runtime.h")
    write(top / "include/driver_types.h", "struct cudaDeviceProp {" + ("" if is_new else " int clockRate;") + " };")
    if not is_new:
        write(top / "include/npp.h")
    cub = top / ("include/cccl" if is_new else "include")
    write(cub / "cub/cub.cuh")
    if not is_new:
        write(cub / OLD_CUB)
    make_library(top / "lib64", "cudart", version[0])
    write(top / "lib64/libcudadevrt.a")
    return make_nvcc(top, version)


def make_toolkit(top, version, cudnn):
    """Make a complete toolkit with cuDNN, and return its nvcc."""
    make_libraries(top / "include", top / "lib64", version[0])
    make_cudnn(top / "include", top / "lib64", cudnn)
    return make_runtime(top, version)


def make_site(site, cuda_major, cudnn=(9, 19, 1)):
    """Make NVIDIA's pip packages: libraries have versioned names only, and cuDNN a folder of its own."""
    make_libraries(
        site / f"nvidia/cu{cuda_major}/include", site / f"nvidia/cu{cuda_major}/lib", cuda_major, plain=False
    )
    make_cudnn(site / "nvidia/cudnn/include", site / "nvidia/cudnn/lib", cudnn, plain=False)
    write(site / f"nvidia_cudnn_cu{cuda_major}-9.19.1.dist-info/METADATA")

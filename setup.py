"""Package metadata. `pip install .` or `bash run.sh`."""

import re
import sys
from pathlib import Path

from setuptools import find_packages, setup

if sys.platform == "win32":
    sys.exit(
        "error: jittor_tsit needs Linux; on Windows install WSL 2 (wsl --install in PowerShell) and use its Ubuntu"
    )

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "jittor_tsit/__init__.py").read_text(encoding="utf-8"))[1]
CUDA_PARTS = "cccl,crt,cublas,cudart,cufft,curand,cusparse,nvcc,nvjitlink,nvrtc,nvvm"
LINT = ["ruff==0.17.6", "mypy==2.4.1; python_version >= '3.10'"]  # pinned: another version finds other faults
PLOTS = ["matplotlib>=3.6"]  # draws axes, scales and legends; 3.6 is the first with layout="constrained"
TENSORBOARD = ["tensorboardX>=2.6"]  # writes event files with numpy and protobuf only, without torch or tensorflow
ON_X86_LINUX = "; sys_platform == 'linux' and platform_machine == 'x86_64'"  # oneDNN has no other wheels

setup(
    name="jittor_tsit",
    version=VERSION,
    description="Landscape photographs from semantic label maps, in Jittor",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.8,<3.13",  # Jittor 1.3.11 needs numpy<2, which ends with 3.12
    packages=[*find_packages(include=("jittor_tsit*", "data_tools*")), "jittor_tsit.experiments"],
    package_dir={"jittor_tsit.experiments": "experiments"},
    install_requires=[
        "jittor==1.3.11.0",
        "numpy>=1.20,<2",  # with numpy 2 Jittor reads arrays wrongly, without a word
        "pillow>=10.1",  # 10.1 has a font of any size, for the names on sheets
        "opencv-python>=4.5,<4.12",  # 4.12 and later need numpy 2
        "tqdm>=4.60",
        "safetensors>=0.4",  # checkpoints: arrays only, no code, readable everywhere
        f"onednn-cpu-gomp==2021.2.0{ON_X86_LINUX}",  # oneDNN 2.2.0, the version that Jittor links
        f"onednn-devel-cpu-gomp==2021.2.0{ON_X86_LINUX}",
    ],
    package_data={
        "data_tools.pages": ["frame.html", "page.css", "language.js"],
        "data_tools.report": ["page.js"],
        "data_tools.sets": ["palettes/*"],
        "jittor_tsit.runs": ["models/*"],
        "jittor_tsit.runtime": ["csrc/*.c"],
        "jittor_tsit.kernels": ["csrc/*.h", "csrc/*.cuh"],
    },
    extras_require={
        "mpi": ["mpi4py>=4"],  # scanning on several machines; needs an MPI library of the system
        "keras": ["h5py>=3"],  # NIMA's published MobileNet weights are an .h5 file
        "plots": PLOTS,  # losses.png and metrics.png
        "tensorboard": TENSORBOARD,  # event files of --tensorboard; to look at them: pip install tensorboard
        "benchmark": ["cleanvision", "ImageHash"],  # public tools that curation is compared with
        "cuda": [  # what Jittor needs of CUDA besides the driver, nvcc included, all of one version
            f"cuda-toolkit[{CUDA_PARTS}]==13.0.2",
            "nvidia-cudnn-cu13==9.19.*",
        ],
        "torch": ["torch>=2.4"],  # only for comparing speeds with it; 2.4 has a fused Adam on the CPU
        "mutation": ["cosmic-ray>=8.7"],  # only for experiments/mutation: do the tests notice small faults?
        "lint": LINT,
        # selenium: the report page in a browser; pytest-xdist: tests on several cores
        "test": ["pytest>=7", "pytest-xdist>=3", "selenium>=4", "mpi4py>=4", "h5py>=3", *LINT, *PLOTS, *TENSORBOARD],
    },
    entry_points={
        "console_scripts": ["jittor-tsit = jittor_tsit.__main__:main", "data-tools = data_tools.__main__:main"],
    },
)

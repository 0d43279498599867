"""Trains and evaluates residual networks with adaptive computation time.

python main.py --model_type=sact --tau=0.01
python main.py --help
"""

import sys

from sact_keras.training.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))

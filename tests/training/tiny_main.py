"""The program on the tiny data set: to draw the shapes takes each start five seconds.

python tiny_main.py --dataset=shapes ...
"""

import sys

from tiny_training import TinyDataset

from sact_keras.training import driver
from sact_keras.training.command_line import main

if __name__ == "__main__":
    driver.open_dataset = lambda *names, **options: TinyDataset()
    sys.exit(main(sys.argv))

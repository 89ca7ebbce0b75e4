from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('series', '0002_parks_plants_hydro'),
    ]

    operations = [
        migrations.AlterField(
            model_name='pointfact',
            name='name',
            field=models.CharField(choices=[('unit', '单位'), ('multiplier', '倍率'), ('formula', '公式'), ('rated', '额定'), ('digits', '表底整数位数'), ('reset', '换表或归零'), ('clock', '时钟偏差（秒）'), ('fill', '补数时限（秒）'), ('fill_by', '补数规则'), ('period', '周期（秒）')], max_length=12, verbose_name='名称'),
        ),
    ]
